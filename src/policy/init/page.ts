/** A proposal as the text of a policy file, with its comments in one language. */
import { isTimeZone } from '../../base/calendar.ts';
import type { Bilingual, Language } from '../../base/language.ts';
import type { Proposal, ProposedComponent, Setting } from './proposed-policy.ts';
import { remarks } from './remarks.ts';

interface PageOptions {
  readonly hostname: string;
  readonly timezone: string;
  readonly language: Language;
}

export function policyPage(proposal: Proposal, { hostname, timezone, language }: PageOptions): string {
  const lines: string[] = [];
  const comment = (indent: string, text: Bilingual) => {
    for (const line of text[language].split('\n')) lines.push(`${indent}# ${line}`);
  };

  for (const remark of proposal.remarks) comment('', remark);
  lines.push('version: 1');
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(hostname)) lines.push(`host: ${flow(hostname)}`);
  lines.push(`lang: ${language}`);
  if (isTimeZone(timezone)) lines.push(`timezone: ${flow(timezone)}`);
  lines.push(`state: /var/lib/hikae  # ${remarks.state[language]}`, '');

  comment('', remarks.targets);
  lines.push('targets:');
  for (const target of proposal.targets) {
    lines.push(`  ${flow(target.name)}:`);
    for (const remark of target.remarks) comment('    ', remark);
    lines.push('    components:');
    for (const component of target.components) {
      for (const remark of component.remarks) comment('      ', remark);
      lines.push(...componentLines(component).map((line) => `      ${line}`));
    }
    if (target.restore === undefined) continue;
    comment('    ', remarks.mailHooks);
    lines.push('    restore:', `      before: ${flow(target.restore.before)}`);
    lines.push(`      after: ${flow(target.restore.after)}`);
  }

  lines.push('');
  comment('', remarks.vaults);
  lines.push('vaults:', '  local:');
  comment('    ', proposal.disk === undefined ? remarks.sameDisk : remarks.disk);
  if (proposal.disk === undefined) lines.push('    plain: /var/backups/hikae');
  else lines.push(`    plain: ${flow(`${proposal.disk}/hikae`)}`, `    mounted: ${flow(proposal.disk)}`);
  lines.push(`    keep: { daily: 3, weekly: 4 }  # ${remarks.keep[language]}`, '');
  comment('', remarks.schedules);
  lines.push(
    'schedules:',
    '  daily: { at: "02:00", to: local }',
    '  weekly: { at: "Sun 04:00", to: local }',
    '',
  );
  return lines.join('\n');
}

/** What is only proposed stands there as a comment that becomes right when its # is taken away. */
function componentLines({ name, settings, isProposed }: ProposedComponent): readonly string[] {
  const line = settings === undefined ? [] : [`${flow(name)}: ${flow(settings)}`];
  return isProposed ? line.map((one) => `# ${one}`) : line;
}

/** YAML in one line. */
function flow(value: Setting): string {
  if (typeof value === 'string') return scalar(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isList(value)) return `[${value.map(flow).join(', ')}]`;
  const pairs = Object.entries(value).flatMap(([key, inner]) =>
    inner === undefined ? [] : [`${key}: ${flow(inner)}`],
  );
  return `{ ${pairs.join(', ')} }`;
}

function isList(value: Setting): value is readonly Setting[] {
  return Array.isArray(value);
}

/** Quoted where YAML would read something else into it. */
function scalar(text: string): string {
  return /^\/?[A-Za-z][\w@%+./-]*$/.test(text) && !/^(?:true|false|null|y|n|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
