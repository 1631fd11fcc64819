/** What does the first line of a SQL cell say, and how is it changed? As `app/clew/magics.py` reads it. */

export interface ISqlCell {
  source: string | null;
  /** The variable that the result is bound to. */
  name: string | null;
  sql: string;
}

const MAGIC = /^%%sql(?![\w-])[^\n]*/;

/** Read a cell's text; null where it is no SQL cell. */
export function parseSql(text: string): ISqlCell | null {
  const line = MAGIC.exec(text)?.[0];
  if (line === undefined) {
    return null;
  }
  const [options, ...more] = line.slice(5).split('<<');
  const value = (option: string) => {
    const found = new RegExp(`(?:^|\\s)--${option}[\\s=]+(?:"([^"]*)"|'([^']*)'|(\\S+))`).exec(options);
    return found ? (found[1] ?? found[2] ?? found[3]) : null;
  };
  const arrow = more.length ? /(?:^|\s)([^\W\d]\w*)\s*$/.exec(options)?.[1] ?? null : null;
  const body = text.slice(line.length + 1);
  const beside = more.join('<<').trim();
  return { source: value('source'), name: arrow ?? value('name'), sql: beside ? `${beside}\n${body}` : body };
}

/** Set or leave out an option of the first line. */
export function withOption(text: string, option: 'source' | 'name', value: string): string {
  const line = MAGIC.exec(text)?.[0] ?? '%%sql';
  const rest = text.slice(line.length);
  const [options, ...more] = line.slice(5).split('<<');
  if (option === 'name' && more.length) {
    const named = options.replace(/[^\W\d]\w*\s*$/, value ? `${value} ` : '');
    return value ? `%%sql${named}<<${more.join('<<')}${rest}` : `%%sql${named.trimEnd()}\n${more.join('<<').trim()}${rest}`;
  }
  const old = new RegExp(`\\s+--${option}[\\s=]+("[^"]*"|'[^']*'|\\S+)`);
  const word = /^[\w.-]*$/.test(value) ? value : `'${value.replace(/'/g, '')}'`;
  const written = value ? ` --${option} ${word}` : '';
  const next = old.test(options) ? options.replace(old, () => written) : ` ${options.trim()}`.trimEnd() + written;
  return `%%sql${next}${more.length ? `<<${more.join('<<')}` : ''}${rest}`;
}
