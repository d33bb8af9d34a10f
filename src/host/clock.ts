/** Time of this machine, for people and for limits; nothing is ordered by it. */
import type { Clock } from "../model/ports.ts";

export function hostClock(): Clock {
  return {
    now: () => Date.now(),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
