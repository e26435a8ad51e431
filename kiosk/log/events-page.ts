import { events } from './events.ts';

/** `docs/events.md`, made from the register: what each event means, at which level, and every field it may carry. */
export function eventsPage(): string {
  const rows = Object.entries(events)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, { level, meaning, fields }]) => {
      const carried = Object.entries(fields).map(([field, type]) => `\`${field}\` ${type}`);
      return `| \`${name}\` | ${level} | ${meaning} | ${carried.join(', ')} |`;
    });
  return `# What the kiosk logs

One JSON line an event on standard error: \`time\` (ISO 8601, UTC), \`level\`, \`part\` (the process that speaks), \`event\`, and the
fields below, nothing else. No field holds personal data or any part of a code.

Made from \`kiosk/log/events.ts\`; \`npm run events\` writes it again, a test fails when it is stale.

| event | level | means | fields |
|---|---|---|---|
${rows.join('\n')}
`;
}
