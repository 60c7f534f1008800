/* What the scripts of the reader's pages share. They are no modules on purpose: on a page opened from a folder, browsers refuse those. */
"use strict";
window.scratch = (() => {
  const DAY = 86_400_000;
  const LONG = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", dateStyle: "long" });
  const SHORT = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", weekday: "short", month: "short", day: "numeric", year: "numeric" });

  /** A new element. Attributes without a value are left out, those with a function are listeners. Text is never read as HTML. */
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(name, value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  }

  /** Days since 1970 of a date such as "2028-02-29"; NaN if there is no such day. Without a time zone, so that no clock can shift it. */
  function dayNumber(date) {
    if (!/^\d{4}-\d\d-\d\d$/.test(date)) return NaN;
    const day = Date.parse(`${date}T00:00:00Z`) / DAY;
    return dateOf(day) === date ? day : NaN; // February 30 is read as March 1 by some
  }

  const dateOf = (day) => (Number.isFinite(day) ? new Date(day * DAY).toISOString().slice(0, 10) : "");
  const addDays = (date, days) => dateOf(dayNumber(date) + days);

  /** Today where the reader is. */
  function today() {
    const now = new Date();
    return dateOf(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()) / DAY);
  }

  const asDate = (date) => new Date(dayNumber(date) * DAY);
  const longDate = (date) => LONG.format(asDate(date));
  const shortDate = (date) => SHORT.format(asDate(date));
  const count = (number, one, many = `${one}s`) => `${number} ${Number(number) === 1 ? one : many}`;
  const number = (value) => String(Math.round(value * 100) / 100);

  /** The address of a page of the book, from wherever this page is. */
  const href = (page) => new URL(page, new URL(document.documentElement.dataset.content_root || "./", location.href)).href;

  /** Hand the reader a file. */
  function download(name, text, type) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  return { element, dayNumber, addDays, today, longDate, shortDate, count, number, href, download };
})();
