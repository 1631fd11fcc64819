/** Which model is named, and does it answer? */

import * as React from 'react';

import * as api from './api';
import { IServerStatus } from './events';
import { seconds, t } from './words';

interface ITested {
  state: 'builtin' | 'up' | 'down';
  text: string;
  seconds: number;
}

export function ModelLine({ status }: { status: IServerStatus }): JSX.Element {
  const [found, setFound] = React.useState<ITested | null>(null);
  const [busy, setBusy] = React.useState(false);
  const test = async () => {
    setBusy(true);
    try {
      setFound(await api.call<ITested>('model/test', 'POST', {}));
    } catch (error) {
      setFound({ state: 'down', text: error instanceof Error ? error.message : String(error), seconds: 0 });
    } finally {
      setBusy(false);
    }
  };
  const name = status.model === 'builtin' || !status.model ? t('none, rules answer') : status.model;
  return (
    <section className="clew-Model" aria-label={t('Model')}>
      <h3>{t('Model')}</h3>
      <div className="clew-Buttons">
        <code>{name}</code>
        <button className="clew-Button" disabled={busy} onClick={() => void test()}>
          {busy ? t('Asking it…') : t('Test')}
        </button>
      </div>
      {found && (
        <p className={`clew-Note${found.state === 'down' ? ' clew-mod-warn' : ''}`} role="status">
          {found.text} {found.state === 'up' ? seconds(found.seconds) : ''}
        </p>
      )}
      <p className="clew-Quiet">
        {t('It is named in clew.toml beside your notebooks (model = "openai:http://host:8000/v1#name"); a key comes from the environment, never from a notebook.')}
      </p>
    </section>
  );
}
