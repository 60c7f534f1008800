/* Where a reader's progress is kept: in this browser, in one entry. Every change reads what is there, alters one thing and writes it back,
   so that two open pages do not undo each other. Where the browser refuses, the page itself remembers for as long as it is open. */
"use strict";
(() => {
  const KEY = "from-scratch-to-scale/progress";
  const ASIDE = `${KEY}/unreadable`;
  const LASTS = "What you enter lasts until you leave this page";
  const listeners = new Set();
  let memory = null; // in use once the browser has refused
  let trouble = ""; // a sentence for the reader

  function fallBack(sentence, document = scratch.format.empty()) {
    memory = document;
    trouble = sentence;
  }

  /** What is kept now. */
  function read() {
    if (memory) return memory;
    let text = null;
    try {
      text = localStorage.getItem(KEY);
      return text === null ? scratch.format.empty() : scratch.format.parse(text);
    } catch (error) {
      if (error instanceof scratch.format.Refused) setAside(text, error);
      else fallBack(`This browser does not let the page keep anything, as in some private windows. ${LASTS}: save a copy first.`);
      return memory ?? scratch.format.empty();
    }
  }

  /** What cannot be read is never overwritten: that of a newer edition stays where it is, damaged text moves beside it. */
  function setAside(text, { message, newer }) {
    if (newer) {
      fallBack(`A newer edition of the book has kept progress here, which this page cannot read and leaves as it is. ${LASTS}.`);
      return;
    }
    const unread = `What this browser had kept could not be read (${message}).`;
    try {
      localStorage.setItem(`${ASIDE}/${Date.now()}`, text);
      localStorage.removeItem(KEY);
      trouble = `${unread} It was put aside under “${ASIDE}”, and the page begins anew.`;
    } catch {
      fallBack(`${unread} ${LASTS}.`);
    }
  }

  /** Alter what is kept: `alter` changes the document that it gets, or returns another. */
  function change(alter) {
    const document = read();
    const changed = alter(document) ?? document;
    if (memory) memory = changed;
    else {
      try {
        localStorage.setItem(KEY, JSON.stringify(changed));
      } catch {
        fallBack(`This browser has no room left for the page. ${LASTS}: save a copy first.`, changed);
      }
    }
    tell();
  }

  function tell() {
    const document = read();
    for (const listener of listeners) listener(document, trouble);
  }

  /** Call `listener(document, trouble)` now and whenever something changes, here or in another tab. */
  function watch(listener) {
    listeners.add(listener);
    listener(read(), trouble);
  }

  const tick = (slug, done) =>
    change((document) => {
      if (done) document.done[slug] = scratch.today();
      else delete document.done[slug];
    });

  window.addEventListener("storage", (event) => {
    if (!memory && (event.key === KEY || event.key === null)) tell();
  });
  window.addEventListener("pageshow", (event) => event.persisted && tell()); // the page comes back from the browser's memory

  scratch.progress = { read, change, tick, watch };
})();
