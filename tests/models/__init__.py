"""Tests of the models, over HTTP where there is a server behind them."""
