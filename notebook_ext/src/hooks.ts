/** How do React's parts follow Lumino's signals and the clock? */

import { ISignal } from '@lumino/signaling';
import * as React from 'react';

/** Draw again whenever a signal fires. */
export function useSignal(signal: ISignal<any, any> | undefined): void {
  const [, draw] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    if (!signal) {
      return;
    }
    signal.connect(draw);
    return () => void signal.disconnect(draw);
  }, [signal]);
}

/** Give the time, every so often, while it matters. */
export function useNow(running: boolean, everyMs = 200): number {
  const [now, set] = React.useState(Date.now());
  React.useEffect(() => {
    if (!running) {
      return;
    }
    set(Date.now());
    const timer = window.setInterval(() => set(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [running, everyMs]);
  return now;
}
