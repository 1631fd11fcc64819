/** Which words after a "/" does the composer know? */

import { t } from './words';

export interface ICommand {
  name: string;
  says: string;
}

export function commandList(): ICommand[] {
  return [
    { name: 'new', says: t('begin a new thread') },
    { name: 'samples', says: t('show questions that your data answer') },
    { name: 'sources', says: t('show tables and columns') },
    { name: 'context', says: t('show what feeds what, and what is sent') },
    { name: 'explain', says: t('explain the error of the active cell') },
    { name: 'fix', says: t('propose a fix for the active cell') },
    { name: 'undo', says: t('take back what was accepted last') },
    { name: 'help', says: t('say what can be done here') }
  ];
}
