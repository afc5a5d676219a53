"""Every kind of question, answered in the browser: what people see, and a picture of it."""
