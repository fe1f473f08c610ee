/** What talking to a Docker engine can end with. */
import { defineErrors } from '../../base/errors.ts';

export const engineErrors = defineErrors({
  ENGINE_REMOTE: {
    exit: 2,
    message: {
      en: 'DOCKER_HOST says {address}, and only an engine on this machine can be used',
      ja: 'DOCKER_HOST は {address} ですが、使えるのはこのマシンのエンジンだけです',
    },
    hint: {
      en: 'Run hikae on the machine of that engine; there DOCKER_HOST is not set, or names a socket: unix:///run/docker.sock',
      ja: 'そのエンジンのあるマシンで hikae を実行してください。そこでは DOCKER_HOST を設定しないか、unix:///run/docker.sock のようなソケットを指定します。',
    },
  },
  ENGINE_UNREACHABLE: {
    transient: true,
    message: {
      en: 'no Docker engine answers at {socket}: {reason}',
      ja: '{socket} の Docker エンジンが応答しません: {reason}',
    },
    hint: {
      en: 'Check that the engine runs (systemctl status docker); for another socket set DOCKER_HOST.',
      ja: 'エンジンが動いているか（systemctl status docker）を確かめてください。別のソケットなら DOCKER_HOST を設定してください。',
    },
  },
  ENGINE_FORBIDDEN: {
    message: {
      en: 'the Docker engine at {socket} may not be used by this user',
      ja: 'このユーザーには {socket} の Docker エンジンを使う権限がありません',
    },
    hint: { en: 'Run hikae as root.', ja: 'root として hikae を実行してください。' },
  },
  ENGINE_REFUSED: {
    transient: true,
    message: {
      en: 'the Docker engine could not {deed}: {reason}',
      ja: 'Docker エンジンの操作「{deed}」が失敗しました: {reason}',
    },
    hint: {
      en: "Look into the engine's log: journalctl -u docker",
      ja: 'エンジンのログ（journalctl -u docker）を確かめてください。',
    },
  },
});
