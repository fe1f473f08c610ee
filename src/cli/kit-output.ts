/** Where the page of a recovery kit goes. With a password on it that is a terminal or a file: never a pipe, which may end in a log. */
import { open, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Kit } from '../app/operations.ts';
import type { Parts } from '../app/parts.ts';
import { systemCode } from '../base/errors.ts';
import { type Bilingual, fill } from '../base/language.ts';
import type { CommandContext } from './context.ts';
import { cliErrors } from './errors.ts';
import { value } from './options.ts';

const texts = {
  written: {
    en: 'the recovery kit was written to {file}: print it, and remove the file when the page lies elsewhere',
    ja: '復旧キットを {file} に書き込みました。印刷して別の場所に保管したら、このファイルは削除してください',
  },
  keep: {
    en: 'This page is shown once. Print it, or copy it to where it will be kept.',
    ja: 'このページは一度しか表示されません。印刷するか、保管場所に書き写してください。',
  },
} as const satisfies Record<string, Bilingual>;

export const kitFileOption = value('FILE', {
  en: 'write the page of the recovery kit to this new file, which only its owner may read, in place of the terminal',
  ja: '復旧キットの紙面を、端末ではなくこの新しいファイル（所有者だけが読めるもの）に書き込みます',
});

export interface KitOutput {
  /** Shows the page; CLI_FILE_NOT_WRITTEN when it could not be written. */
  show(kit: Kit, zone: string): Promise<void>;
  /** what is said of it afterwards */
  readonly note: Bilingual;
  /** To be called at the end: leaves nothing where no page was shown. */
  close(): Promise<void>;
}

/** Undefined where a password may not be shown. */
export async function openKitOutput(
  context: CommandContext,
  file: string | undefined,
): Promise<KitOutput | undefined> {
  if (file !== undefined) return openKitFile(context, resolve(context.world.folder, file));
  if (context.world.stdout.isTTY !== true || context.json) return undefined;
  return {
    note: texts.keep,
    async show(kit, zone) {
      const { kitPage } = await import('./kit-page.ts');
      await context.results.write(`${kitPage(kit, zone, context.language)}\n\n`);
    },
    async close() {},
  };
}

/** Opened before the key is made: a file that can't be written is noticed while nothing has happened yet. */
async function openKitFile({ language }: CommandContext, file: string): Promise<KitOutput> {
  const failed = (error: unknown) => {
    const code = systemCode(error);
    if (code === 'EEXIST') return cliErrors.CLI_FILE_EXISTS({ file });
    return code === undefined ? error : cliErrors.CLI_FILE_NOT_WRITTEN({ file, reason: code });
  };
  const handle = await open(file, 'wx', 0o600).catch((error) => {
    throw failed(error);
  });
  let shown = false;
  return {
    note: { en: fill(texts.written.en, { file }), ja: fill(texts.written.ja, { file }) },
    async close() {
      await handle.close();
      if (!shown) await unlink(file);
    },
    async show(kit, zone) {
      const { kitPage } = await import('./kit-page.ts');
      try {
        await handle.writeFile(`${kitPage(kit, zone, language)}\n`);
        await handle.sync();
        shown = true;
      } catch (error) {
        throw failed(error);
      }
    },
  };
}

/** Makes a recovery key and shows its page. */
export async function showNewKit(
  context: CommandContext,
  { vault, kitFile }: { readonly vault?: string | undefined; readonly kitFile?: string | undefined },
  parts: Parts,
): Promise<void> {
  const output = await openKitOutput(context, kitFile);
  if (output === undefined) throw cliErrors.CLI_KIT_NOWHERE({});
  try {
    const { newKit } = await import('../app/operations.ts');
    const kit = await newKit({ vault }, parts, (made) => output.show(made, parts.zone));
    const { password: _shown, ...told } = kit;
    await context.results.show(told, (language) => output.note[language]);
  } finally {
    await output.close();
  }
}
