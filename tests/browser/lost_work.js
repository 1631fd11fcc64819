// What a page can do for the sequences of lost_work.py, beside a person's clicks and keys.
window.seen = {
  widget(path) {
    for (const widget of window.jupyterapp.shell.widgets('main')) {
      if (widget.context?.path === path) {
        return widget;
      }
    }
    throw new Error('not open: ' + path);
  },
  has(path) {
    return [...window.jupyterapp.shell.widgets('main')].some(w => w.context?.path === path);
  },
  async open(path) {
    const widget = await window.jupyterapp.commands.execute('docmanager:open', { path });
    const { sessionContext } = widget.context;
    // A kernel each would only cost time.
    sessionContext.kernelPreference = {
      ...sessionContext.kernelPreference, shouldStart: false, canStart: false
    };
    await widget.context.ready;
  },
  show(path) {
    window.jupyterapp.shell.activateById(this.widget(path).id);
  },
  text(path) {
    return this.widget(path).content.model.sharedModel.cells.map(cell => cell.source).join('\n');
  },
  edit(path, token, where) {
    const notebook = this.widget(path).content.model.sharedModel;
    const cell = notebook.cells[where % notebook.cells.length];
    if (where % 5 === 0) {
      notebook.insertCell(notebook.cells.length, { cell_type: 'code', source: token + '\n' });
    } else {
      cell.updateSource(cell.source.length, cell.source.length, token + '\n');
    }
  },
  // Save as the user does, answering Jupyter's question; `during` is typed while it saves.
  async save(path, choice, during) {
    const sent = this.text(path);
    let state = '';
    this.widget(path).context.save().then(
      () => (state = 'saved'),
      error => (state = 'failed ' + error.name)
    );
    if (during) {
      await new Promise(done => setTimeout(done, 0));
      this.edit(path, during, 1);
    }
    let asked = false;
    for (let tries = 0; !state && tries < 500; tries++) {
      asked = this.close(choice) === 'File Changed' || asked;
      await new Promise(done => setTimeout(done, 20));
    }
    this.close('');
    return { state, asked, sent };
  },
  // Answer an open dialog, by the wished button where it has that.
  close(choice) {
    const dialog = document.querySelector('.jp-Dialog');
    if (!dialog) {
      return '';
    }
    const title = dialog.querySelector('.jp-Dialog-header')?.textContent.trim() ?? '';
    const buttons = [...dialog.querySelectorAll('.jp-Dialog-footer button')];
    (buttons.find(button => button.textContent.trim() === choice) ?? buttons.at(-1))?.click();
    return title;
  },
  // A second of the page's own time, and the end of what was being written then.
  async second() {
    await new Promise(done => setTimeout(done, 1000));
    const base = window.jupyterapp.serviceManager.serverSettings.baseUrl;
    const found = await indexedDB.databases();
    for (const { name } of found.filter(({ name }) => name.startsWith('clew:'))) {
      await new Promise(done => {
        const request = indexedDB.open(name);
        request.onerror = done;
        request.onsuccess = () => {
          const db = request.result;
          if (![...db.objectStoreNames].includes('entries')) {
            db.close();
            done();
            return;
          }
          const transaction = db.transaction('entries', 'readonly');
          transaction.objectStore('entries').count();
          transaction.oncomplete = () => {
            db.close();
            done();
          };
        };
      });
    }
    return base;
  },
  // All that is offered beside the notebook in front.
  offered() {
    for (const button of document.querySelectorAll('.clew-Panel .clew-Diff [aria-expanded=false]')) {
      button.click();
    }
    const lines = document.querySelectorAll('.clew-Panel .clew-Diff .clew-mod-in');
    return [...lines].map(line => line.textContent).join('\n');
  }
};

// What only tells of a fault is read and closed, as somebody would.
setInterval(() => {
  const title = document.querySelector('.jp-Dialog .jp-Dialog-header')?.textContent.trim();
  if (title !== 'File Changed') {
    window.seen.close('');
  }
}, 50);
