/* A calendar file as RFC 5545 has it: whole days without a time zone, so that no change of clocks can move them. */
"use strict";
(() => {
  const escape = (text) =>
    text
      .replace(/\\/g, "\\\\")
      .replace(/;/g, "\\;")
      .replace(/,/g, "\\,")
      .replace(/\r\n|\r|\n/g, "\\n");
  const compact = (date) => date.replaceAll("-", "");

  /** A content line in pieces of at most 75 octets; the pieces after the first begin with a space. No character is cut in two. */
  function fold(line) {
    const pieces = [];
    let piece = "";
    let octets = 0;
    for (const character of line) {
      const size = new TextEncoder().encode(character).length;
      if (octets + size > 75) {
        pieces.push(piece);
        piece = " ";
        octets = 1;
      }
      piece += character;
      octets += size;
    }
    return [...pieces, piece].join("\r\n");
  }

  /** The file for `events` ({id, from, to, title, text, url}); `stamp` is the Date at which it is made. The same event has the same UID in
      every file, so that a calendar which takes a changed plan moves its events and doubles none. */
  function ics(events, name, stamp) {
    const made = stamp.toISOString().replace(/[-:]|\.\d+/g, "");
    const lines = events.flatMap((event) => [
      "BEGIN:VEVENT",
      `UID:${event.id}@from-scratch-to-scale`,
      `DTSTAMP:${made}`,
      `LAST-MODIFIED:${made}`,
      `DTSTART;VALUE=DATE:${compact(event.from)}`,
      `DTEND;VALUE=DATE:${compact(event.to)}`,
      `SUMMARY:${escape(event.title)}`,
      `DESCRIPTION:${escape(event.text)}`,
      ...(event.url ? [`URL:${event.url}`] : []),
      "TRANSP:TRANSPARENT",
      "END:VEVENT",
    ]);
    const head = [
      "BEGIN:VCALENDAR",
      "VERSION:2.0",
      "PRODID:-//From Scratch to Scale//Planner//EN",
      "CALSCALE:GREGORIAN",
      `X-WR-CALNAME:${escape(name)}`,
    ];
    return [...head, ...lines, "END:VCALENDAR"].map((line) => `${fold(line)}\r\n`).join("");
  }

  scratch.ics = ics;
})();
