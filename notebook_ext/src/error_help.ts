/** How is an error of a cell explained, and its fix proposed? From a table, without a model. */

import { ICodeCellModel } from '@jupyterlab/cells';

import { Conversation } from './conversation';
import { explain } from './known_errors';
import { sha256 } from './sha256';
import { Turn } from './turn';
import { t } from './words';

export interface IFault {
  name: string;
  value: string;
}

/** Find the error among the outputs of a cell. */
export function faultOf(model: ICodeCellModel): IFault | null {
  for (let i = 0; i < model.outputs.length; i++) {
    const output = model.outputs.get(i);
    if (output.type === 'error') {
      const { ename, evalue } = output.toJSON() as any;
      return { name: String(ename), value: String(evalue) };
    }
  }
  return null;
}

/** Explain the error of a cell in the panel; with a fix as a proposal where there is one. */
export async function explainCell(
  conversation: Conversation,
  id: string | null,
  what: 'explain' | 'fix'
): Promise<void> {
  const { panel } = conversation;
  const wanted = id ?? panel?.content.activeCell?.model.id;
  const index = panel?.content.widgets.findIndex(cell => cell.model.id === wanted) ?? -1;
  const model = index < 0 ? null : panel!.content.widgets[index].model;
  const fault = model?.type === 'code' ? faultOf(model as ICodeCellModel) : null;
  const title = what === 'fix' ? t('Fix the error of cell %1', index + 1) : t('Explain the error of cell %1', index + 1);
  const turn = new Turn(index < 0 ? t('Explain an error') : title);
  if (!model || !fault) {
    turn.text = t('This cell shows no error. Run it first.');
    conversation.addLocal(turn);
    return;
  }
  const source = model.sharedModel.source;
  const found = explain(fault.name, fault.value, source);
  const quoted = `\`${fault.name}: ${fault.value.split('\n')[0].replace(/`/g, "'")}\``;
  if (!found) {
    turn.text = `${quoted}\n\n${t('This error is not in the table of known ones.')}`;
  } else {
    turn.text = `${quoted}\n\n${literal(found.says)} ${literal(found.next)}`;
    if (found.fixed !== null) {
      turn.items.push({
        state: 'open',
        text: null,
        note: null,
        sha256: null,
        proposal: {
          id: `fix-${wanted}-${Date.now()}`,
          op: 'replace',
          cell_id: wanted!,
          kind: 'python',
          cell_type: 'code',
          after_cell: null,
          base_sha256: sha256(source),
          old: source,
          new: found.fixed,
          uses: [],
          risk: 'none',
          group: 'fix',
          metadata: {}
        }
      });
    } else if (what === 'fix') {
      turn.text += `\n\n${t('There is no fix that is certain enough to be proposed.')}`;
    }
  }
  conversation.addLocal(turn);
}

/** Write text so that Markdown leaves it as it is. */
function literal(text: string): string {
  return text.replace(/([\\`*_{}\[\]<>#|~])/g, '\\$1');
}
