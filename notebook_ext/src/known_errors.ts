/** What do common errors of a cell mean, and what would mend them? Read without a model. */

import { t } from './words';

export interface IExplanation {
  /** What went wrong, in an analyst's words. */
  says: string;
  /** What to do. */
  next: string;
  /** The mended text of the cell, where it is certain enough to be proposed. */
  fixed: string | null;
}

interface IKnown {
  name: RegExp;
  value: RegExp;
  explain: (found: RegExpMatchArray, source: string) => Omit<IExplanation, 'fixed'>;
  fix?: (found: RegExpMatchArray, source: string) => string | null;
}

const COMMON_IMPORTS: { [name: string]: string } = {
  pd: 'import pandas as pd',
  np: 'import numpy as np',
  plt: 'import matplotlib.pyplot as plt',
  px: 'import plotly.express as px',
  go: 'import plotly.graph_objects as go',
  pl: 'import polars as pl',
  pa: 'import pyarrow as pa',
  dt: 'import datetime as dt',
  os: 'import os',
  re: 'import re',
  json: 'import json',
  math: 'import math',
  datetime: 'import datetime',
  Path: 'from pathlib import Path',
  Counter: 'from collections import Counter',
  defaultdict: 'from collections import defaultdict'
};

const KNOWN: IKnown[] = [
  {
    name: /^NameError$/,
    value: /name '(\w+)' is not defined/,
    explain: ([, name]) => ({
      says: t('Nothing is called %1 in this kernel.', name),
      next: COMMON_IMPORTS[name]
        ? t('It is usually imported: %1', COMMON_IMPORTS[name])
        : t('Run the cell that defines it, or see that the name is spelled as there.')
    }),
    fix: ([, name], source) =>
      COMMON_IMPORTS[name] ? afterMagic(source, COMMON_IMPORTS[name]) : null
  },
  {
    name: /^ModuleNotFoundError$/,
    value: /No module named '([\w.]+)'/,
    explain: ([, name]) => ({
      says: t('The package %1 is not installed where this kernel runs.', name.split('.')[0]),
      next: t('Install it with %1, then restart the kernel.', `%pip install ${name.split('.')[0]}`)
    })
  },
  {
    name: /^KeyError$/,
    value: /^'?(.*?)'?$/,
    explain: ([, key]) => ({
      says: t('There is no column or key %1.', key),
      next: t('Look at the names with df.columns; case and spaces count.')
    })
  },
  {
    name: /^UsageError$/,
    value: /Cell magic `%%(sql|ask)` not found|Line magic function `%(clew)`/,
    explain: () => ({
      says: t('The magics of Clew are not loaded in this kernel.'),
      next: t('Run %load_ext clew first; a restarted kernel forgets it.')
    })
  },
  {
    name: /^FileNotFoundError$/,
    value: /No such file or directory: '(.*)'/,
    explain: ([, path]) => ({
      says: t('There is no file %1.', path),
      next: t('Paths count from the folder of the notebook; look there with %ls.')
    })
  },
  {
    name: /^(IndentationError|TabError)$/,
    value: /.*/,
    explain: () => ({
      says: t('The lines of a block are not indented alike.'),
      next: t('Use four spaces for each level, no tabs.')
    }),
    fix: (_, source) => (source.includes('\t') ? source.replace(/\t/g, '    ') : null)
  },
  {
    name: /^SyntaxError$/,
    value: /Missing parentheses in call to 'print'/,
    explain: () => ({
      says: t('print is a function in Python 3.'),
      next: t('Write print(…) with parentheses.')
    }),
    fix: (_, source) => source.replace(/^(\s*)print (?!\()(.+)$/gm, '$1print($2)')
  },
  {
    name: /^SyntaxError$/,
    value: /'([\[({])' was never closed/,
    explain: ([, sign]) => ({
      says: t('A %1 is never closed.', sign),
      next: t('Count the brackets from the line that the message names.')
    })
  },
  {
    name: /^SyntaxError$/,
    value: /expected ':'/,
    explain: () => ({
      says: t('A line that begins a block has no colon at its end.'),
      next: t('Put a : at the end of the line.')
    }),
    fix: (_, source) => {
      const fixed = source.replace(
        /^(\s*(?:if|elif|else|for|while|def|class|try|except|finally|with)\b[^:#\n]*?)\s*$/gm,
        '$1:'
      );
      return fixed === source ? null : fixed;
    }
  },
  {
    name: /^SyntaxError$/,
    value: /unterminated string literal/,
    explain: () => ({
      says: t('A text has no closing quote.'),
      next: t('Close it on the same line, or use three quotes for several lines.')
    })
  },
  {
    name: /^SyntaxError$/,
    value: /.*/,
    explain: () => ({
      says: t('Python can not read this line.'),
      next: t('Look at the place of the ^ and just before it.')
    })
  },
  {
    name: /^ZeroDivisionError$/,
    value: /.*/,
    explain: () => ({
      says: t('Something is divided by zero.'),
      next: t('Leave out the rows where the divisor is 0, or say what they should give.')
    })
  },
  {
    name: /^AttributeError$/,
    value: /'DataFrame' object has no attribute 'append'/,
    explain: () => ({
      says: t('pandas 2 took DataFrame.append away.'),
      next: t('Use pd.concat([a, b]).')
    })
  },
  {
    name: /^AttributeError$/,
    value: /'NoneType' object has no attribute '(\w+)'/,
    explain: ([, name]) => ({
      says: t('The value before .%1 is None.', name),
      next: t('The call before it gave nothing back: methods that change in place give None.')
    })
  },
  {
    name: /^AttributeError$/,
    value: /'(\w+)' object has no attribute '(\w+)'/,
    explain: ([, type, name]) => ({
      says: t('A %1 has nothing called %2.', type, name),
      next: t('Look at what it has with dir(…), or at the columns of a table with .columns.')
    })
  },
  {
    name: /^TypeError$/,
    value: /unsupported operand type\(s\) for (\S+): '(\w+)' and '(\w+)'/,
    explain: ([, sign, a, b]) => ({
      says: t('%1 and %2 do not go together with %3.', a, b, sign),
      next: t('Convert one of them first: int(…), float(…), str(…) or pd.to_numeric(…).')
    })
  },
  {
    name: /^TypeError$/,
    value: /can only concatenate str \(not "(\w+)"\) to str/,
    explain: ([, type]) => ({
      says: t('A text and a %1 can not be added.', type),
      next: t('Write str(…) around it, or use an f-string.')
    })
  },
  {
    name: /^TypeError$/,
    value: /missing (\d+) required positional arguments?: (.*)/,
    explain: ([, , names]) => ({
      says: t('The call lacks %1.', names),
      next: t('Give it in the parentheses of the call.')
    })
  },
  {
    name: /^ValueError$/,
    value: /could not convert string to float: '(.*)'/,
    explain: ([, text]) => ({
      says: t('%1 is no number.', text),
      next: t("pd.to_numeric(column, errors='coerce') makes such values empty.")
    })
  },
  {
    name: /^ValueError$/,
    value: /truth value of a (Series|DataFrame) is ambiguous/,
    explain: () => ({
      says: t('A whole column was asked whether it is true.'),
      next: t('Use & and | with parentheses instead of and / or, or .any() and .all().')
    })
  },
  {
    name: /^IndexError$/,
    value: /.*/,
    explain: () => ({
      says: t('A place beyond the end was asked for.'),
      next: t('Counting begins at 0; look at len(…).')
    })
  },
  {
    name: /^MemoryError$/,
    value: /.*/,
    explain: () => ({
      says: t('The kernel has no memory left.'),
      next: t('Read fewer columns or rows, or let the database add up first (%%sql).')
    })
  },
  {
    name: /^(CatalogException|SourceError|Refused|BinderException)$/,
    value: /(.*)/,
    explain: ([, words]) => ({
      says: words,
      next: t('The tables and columns stand in the panel under Sources.')
    })
  },
  {
    name: /^KeyboardInterrupt$/,
    value: /.*/,
    explain: () => ({ says: t('The cell was stopped.'), next: t('Run it again when you like.') })
  }
];

/** Explain an error from the table; null where it is not known. */
export function explain(name: string, value: string, source: string): IExplanation | null {
  for (const known of KNOWN) {
    const found = known.name.test(name) ? value.match(known.value) : null;
    if (found) {
      const fixed = known.fix?.(found, source) ?? null;
      return { ...known.explain(found, source), fixed: fixed === source ? null : fixed };
    }
  }
  return null;
}

/** Put an import at the top, below the magic line of a cell. */
function afterMagic(source: string, line: string): string | null {
  return source.startsWith('%%') ? null : `${line}\n${source}`;
}
