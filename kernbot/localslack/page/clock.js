/** What time it is in the simulation: the machine's time, plus what its clock was moved ahead. */

export const clock = {
  /** Milliseconds by which the simulation is ahead of this browser. */
  ahead: 0,
};

/** Take over the time that the server told just now, in unix seconds. */
export function setClock(unix) {
  clock.ahead = unix * 1000 - Date.now();
}

export function now() {
  return new Date(Date.now() + clock.ahead);
}
