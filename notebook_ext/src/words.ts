/** In whose language does the panel speak? One translator for all its strings. */

import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

let trans: TranslationBundle = nullTranslator.load('clew');

/** Take the user's language. */
export function speak(translator: ITranslator): void {
  trans = translator.load('clew');
}

/** Say a text in the user's language; `%1`, `%2` stand for what is filled in. */
export function t(text: string, ...args: any[]): string {
  return trans.__(text, ...args);
}

/** Say a text that depends on a number, which stands at `%1`. */
export function tn(one: string, many: string, n: number): string {
  return trans._n(one, many, n);
}

/** Write a duration as people read it. */
export function seconds(s: number): string {
  if (s < 1) {
    return t('%1 ms', Math.round(s * 1000));
  }
  if (s < 60) {
    return t('%1 s', s < 10 ? s.toFixed(1) : Math.round(s));
  }
  return t('%1 min %2 s', Math.floor(s / 60), Math.round(s % 60));
}
