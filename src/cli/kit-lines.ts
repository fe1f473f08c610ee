/** The lines of a recovery kit that are to be typed, for a shell that knows nothing yet. */
import type { Kit } from '../app/operations.ts';

export type KitPlace = Pick<Kit, 'location' | 'place' | 'region' | 'endpoint'>;

export interface KitLines {
  readonly password: readonly string[];
  /** what a policy would say of a bucket */
  readonly access: readonly string[];
  readonly restic: readonly string[];
  readonly hikae: readonly string[];
}

const FILE = 'recovery.pw';
const FOLDER = '/srv/restored';
/** Snapshots that restic itself has taken are of targets with this before their path. */
const FOREIGN = 'restic:';

export function kitLines(kit: KitPlace & Pick<Kit, 'targets'>): KitLines {
  const { location, place, region, endpoint, targets } = kit;
  const restic = `restic -r ${shellWord(resticPlace(kit))}`;
  const vault = `--vault ${shellWord(place)} --password-file ${FILE}`;
  const settings = [
    'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…',
    ...(region === undefined ? [] : [`export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}`]),
    ...(endpoint === undefined ? [] : [`export AWS_ENDPOINT_URL_S3=${shellWord(endpoint)}`]),
  ];
  return {
    password: [`umask 077; cat > ${FILE}`],
    access: location.kind === 's3' ? settings : [],
    restic: [
      `export RESTIC_PASSWORD_FILE=$PWD/${FILE}`,
      `${restic} snapshots`,
      ...targets.map(
        (target) =>
          `${restic} restore latest --path ${shellWord(pathOf(target))} --target ${FOLDER}/by-restic`,
      ),
    ],
    hikae: [
      `hikae snapshots ${vault}`,
      ...targets.map((target) => `hikae restore ${shellWord(target)} ${vault} --to ${folderOf(target)}`),
    ],
  };
}

function pathOf(target: string): string {
  return target.startsWith(FOREIGN) ? target.slice(FOREIGN.length) : `/${target}`;
}

/** A folder for each, since what is restored into must be empty. */
function folderOf(target: string): string {
  return shellWord(`${FOLDER}/${pathOf(target).replace(/^\/+/, '')}`);
}

/** As restic's `--repo` takes it: a folder behind SSH by its absolute path, a bucket by the server's address. */
export function resticPlace({ location, place, region, endpoint }: KitPlace): string {
  if (location.kind === 'local') return place;
  if (location.kind === 'sftp') {
    const { user, host, port, path } = location;
    return `sftp://${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}/${path}`;
  }
  const { bucket, prefix } = location;
  const aws = region === undefined ? 's3.amazonaws.com' : `s3.${region}.amazonaws.com`;
  const server = endpoint?.replace(/\/+$/, '') ?? `https://${aws}`;
  return `s3:${server}/${bucket}${prefix === '' ? '' : `/${prefix}`}`;
}

/** As a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
