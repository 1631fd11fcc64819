/** Which lines of a text were taken out, put in or kept? */

export interface IDiffLine {
  sign: ' ' | '-' | '+';
  text: string;
}

const MOST_LINES = 2000;

/** Compare two texts by line: the longest common part is kept. */
export function diffLines(before: string, after: string): IDiffLine[] {
  const a = before === '' ? [] : before.split('\n');
  const b = after === '' ? [] : after.split('\n');
  if (a.length * b.length > MOST_LINES * MOST_LINES) {
    return [...a.map(text => line('-', text)), ...b.map(text => line('+', text))];
  }
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[i] === b[j]
          ? longest[(i + 1) * width + j + 1] + 1
          : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const lines: IDiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(line(' ', a[i++]));
      j++;
    } else if (
      j >= b.length ||
      (i < a.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1])
    ) {
      lines.push(line('-', a[i++]));
    } else {
      lines.push(line('+', b[j++]));
    }
  }
  return lines;
}

function line(sign: IDiffLine['sign'], text: string): IDiffLine {
  return { sign, text };
}
