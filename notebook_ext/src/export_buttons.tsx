/** How does a result leave as a file? The server writes it; the browser keeps it. */

import * as React from 'react';

import * as api from './api';
import { t } from './words';

const FORMS = ['csv', 'xlsx', 'parquet'] as const;
const NAMES = { csv: 'CSV', xlsx: 'Excel', parquet: 'Parquet' };

interface IProps {
  run: string;
  step: string | null;
  name: string;
  say: (fault: string) => void;
}

export function ExportButtons({ run, step, name, say }: IProps): JSX.Element {
  const save = async (form: (typeof FORMS)[number]) => {
    try {
      const where = `${encodeURIComponent(run)}${step ? `/${encodeURIComponent(step)}` : ''}`;
      const file = await api.download(`exports/${where}?format=${form}`);
      keep(file, `${name}.${form}`);
      say('');
    } catch (error) {
      say(error instanceof api.ServerRefusal ? `${error.message} ${error.hint}` : String(error));
    }
  };
  return (
    <span className="clew-Export" role="group" aria-label={t('Save as a file')}>
      {FORMS.map(form => (
        <button
          key={form}
          className="clew-Button clew-mod-quiet"
          title={t('Save all rows as %1', NAMES[form])}
          onClick={() => void save(form)}
        >
          {NAMES[form]}
        </button>
      ))}
    </span>
  );
}

/** Hand a file to the browser. */
export function keep(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
