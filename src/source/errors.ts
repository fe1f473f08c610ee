/** The errors of this room. */
import { defineErrors } from '../base/errors.ts';

export const sourceErrors = defineErrors({
  SOURCE_ROOT_MISSING: {
    message: {
      en: 'there is nothing at {path}, so component {component} was not captured',
      ja: '{path} が存在しないため、コンポーネント {component} を取得できませんでした',
    },
    hint: {
      en: 'Check that the disk is mounted and that the path in the policy is right.',
      ja: 'ディスクがマウントされているか、ポリシーのパスが正しいかを確かめてください。',
    },
  },
  SOURCE_ROOT_UNREADABLE: {
    message: {
      en: '{path} of component {component} could not be read: {reason}',
      ja: 'コンポーネント {component} の {path} を読み取れませんでした: {reason}',
    },
    hint: {
      en: 'Run hikae as root, or as a user who may read this path.',
      ja: 'root として、またはこのパスを読み取れるユーザーとして実行してください。',
    },
  },
  SOURCE_ROOT_NOT_FOLDER: {
    message: {
      en: '{path} of component {component} is not a folder',
      ja: 'コンポーネント {component} の {path} はフォルダーではありません',
    },
    hint: {
      en: 'To keep single files, write a list in the policy: files: [{path}]',
      ja: '個々のファイルを対象にするには、ポリシーに files: [{path}] のようにリストで書いてください。',
    },
  },
  SOURCE_ROOT_NOT_ABSOLUTE: {
    message: {
      en: '{path} of component {component} is not a plain absolute path',
      ja: 'コンポーネント {component} の {path} は、「..」を含まない絶対パスではありません',
    },
    hint: {
      en: 'Write the whole path, beginning with a slash and without "..".',
      ja: 'スラッシュで始まり「..」を含まない完全なパスを書いてください。',
    },
  },
  SOURCE_FILE_NAME: {
    message: {
      en: 'component {component} can not keep its output under the name {file}',
      ja: 'コンポーネント {component} の出力を {file} という名前では保存できません',
    },
    hint: {
      en: 'Give a plain file name, without a slash.',
      ja: 'スラッシュを含まないファイル名を指定してください。',
    },
  },
  SOURCE_NOT_IN_PLACE: {
    message: {
      en: 'component {component} is the output of a command and can not be restored in place',
      ja: 'コンポーネント {component} はコマンドの出力なので、元の場所には復元できません',
    },
    hint: {
      en: 'Restore it into a folder with --to DIR, and load the file with the program that it is for.',
      ja: '--to DIR でフォルダーに復元してから、そのファイルを対応するプログラムで読み込んでください。',
    },
    exit: 2,
  },
});
