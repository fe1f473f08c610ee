/** What capturing a Docker volume and restoring one can end with. */
import { defineErrors } from '../../base/errors.ts';

export const volumeErrors = defineErrors({
  VOLUME_UNKNOWN: {
    message: {
      en: 'the Docker engine has no volume {volume}, so component {component} was not captured',
      ja: 'Docker エンジンにボリューム {volume} がないため、コンポーネント {component} を取得できませんでした',
    },
    hint: {
      en: '`docker volume ls` lists the volumes; correct the name in the policy.',
      ja: '`docker volume ls` で一覧できます。ポリシーの名前を直してください。',
    },
  },
  VOLUME_NAME: {
    exit: 2,
    message: { en: '{volume} is no name of a volume', ja: '{volume} はボリュームの名前ではありません' },
    hint: {
      en: 'A name begins with a letter or digit, and has letters, digits, `_`, `.` and `-`.',
      ja: '名前は英数字で始まり、英数字と `_`、`.`、`-` だけを含みます。',
    },
  },
  VOLUME_DRIVER: {
    message: {
      en: 'the volume {volume} has the driver {driver}, whose data does not lie in a folder of this machine',
      ja: 'ボリューム {volume} のドライバーは {driver} で、データがこのマシンのフォルダーにありません',
    },
    hint: {
      en: 'Only volumes of the driver `local` can be captured. Back up what the driver stores with its own means, or with a `command` component.',
      ja: '取得できるのはドライバー `local` のボリュームだけです。ドライバーの保存先をその仕組みで、または `command` コンポーネントでバックアップしてください。',
    },
  },
  VOLUME_OPTIONS: {
    message: {
      en: 'the volume {volume} is a mount of its own ({options}), which is there only while a container uses it',
      ja: 'ボリューム {volume} は独自のマウント（{options}）で、コンテナーが使っている間しか存在しません',
    },
    hint: {
      en: 'Capture what it mounts instead: a folder of this machine with a `files` component, a network share on its server.',
      ja: '代わりにマウント元を取得してください。このマシンのフォルダーなら `files` コンポーネントで、ネットワーク共有ならそのサーバーで行います。',
    },
  },
  VOLUME_ELSEWHERE: {
    message: {
      en: 'the engine keeps the volume {volume} in {path}, and there is no such folder on this machine',
      ja: 'エンジンはボリューム {volume} を {path} に置いていますが、このマシンにそのフォルダーはありません',
    },
    hint: {
      en: 'The engine runs in another machine or container. Run hikae where that folder is.',
      ja: 'エンジンは別のマシンかコンテナーで動いています。そのフォルダーがある所で hikae を実行してください。',
    },
  },
  VOLUME_PAUSE_EXCEEDED: {
    message: {
      en: 'reading the volume {volume} took longer than {seconds} s, so its containers go on and it was not captured',
      ja: 'ボリューム {volume} の読み取りが {seconds} 秒を超えたため、コンテナーを再開し、取得を中止しました',
    },
    hint: {
      en: 'Raise maxPause in the policy, run the backup when the machine has less to do, or leave out what need not be kept.',
      ja: 'ポリシーの maxPause を延ばすか、負荷の低い時間帯に実行するか、不要なデータを減らしてください。',
    },
  },
  VOLUME_NOT_STILL: {
    transient: true,
    message: {
      en: 'the container {container} ran while the volume {volume} was read, though it was to stand still',
      ja: 'ボリューム {volume} の読み取り中は停止しているはずのコンテナー {container} が動いていました',
    },
    hint: {
      en: 'Nobody may start, stop or unpause containers of the volume during the backup; `docker events` shows who does.',
      ja: 'バックアップ中は、このボリュームのコンテナーを起動・停止・再開しないでください。`docker events` で確認できます。',
    },
  },
  VOLUME_WATCH_FAILED: {
    transient: true,
    message: {
      en: 'the process that ends the pause of {volume} in case of a crash did not run: {reason}',
      ja: '異常終了時に {volume} の一時停止を解除するプロセスが動きませんでした: {reason}',
    },
    hint: {
      en: 'Without it nothing is paused. Check free memory and the limit of processes.',
      ja: 'このプロセスなしでは一時停止しません。空きメモリーとプロセス数の上限を確かめてください。',
    },
  },
  VOLUME_STILL_PAUSED: {
    message: {
      en: 'these containers are paused and could not be unpaused: {containers}; {reason}',
      ja: '次のコンテナーは一時停止のまま再開できませんでした: {containers}（{reason}）',
    },
    hint: {
      en: 'Let them go on by hand: docker unpause {containers}',
      ja: '手動で再開してください: docker unpause {containers}',
    },
  },
  VOLUME_USER_UNSTOPPABLE: {
    message: {
      en: 'the container {container} uses the volume {volume} and can not be stopped for the restore: {reason}',
      ja: 'コンテナー {container} はボリューム {volume} を使用中で、復元のために停止できません: {reason}',
    },
    hint: {
      en: 'Nothing was changed. Stop it yourself, run the restore again, and start it afterwards; hooks of the policy (restore.before and after) can do that.',
      ja: '何も変更していません。手動で停止してから復元を再実行し、終わったら起動してください。ポリシーの restore.before と after で自動化できます。',
    },
  },
  VOLUME_USERS_NOT_STARTED: {
    message: {
      en: 'these containers were stopped for the restore and could not be started again: {containers}; {reason}',
      ja: '復元のために停止した次のコンテナーを起動できませんでした: {containers}（{reason}）',
    },
    hint: {
      en: 'Start them by hand: docker start {containers}',
      ja: '手動で起動してください: docker start {containers}',
    },
  },
  VOLUME_RECORD: {
    message: {
      en: 'what stands still for hikae could not be noted in {path}: {reason}',
      ja: '停止中のコンテナーの記録を {path} に書き込めませんでした: {reason}',
    },
    hint: {
      en: 'Without this note nothing is paused or stopped. Make room, or see to the rights of this folder.',
      ja: 'この記録なしでは一時停止も停止もしません。空きを作るか、フォルダーの権限を直してください。',
    },
  },
});
