/**
 * The ground that attacks are tried on: buckets with Object Lock on a real S3 server, each with a repository that has three
 * days of snapshots, put there by a host with the rights of an uploader. The intruder speaks to them with the raw client of
 * AWS; what he seals he seals with the password that lies on the host.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { bucketPolicy } from '../../src/cloud/bucket-policy.ts';
import { type RoleName, rolesOf } from '../../src/cloud/code/roles.ts';
import type { Wanted } from '../../src/cloud/wanted.ts';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { openResticVault } from '../../src/vault/restic/restic-vault.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { Scratch } from '../end-to-end/command.ts';
import { PASSWORD, quick, testOwner } from '../vault/restic-taking.ts';
import { never, silent, take } from '../vault/taking.ts';
import type { Arena, Holder } from './arena.ts';

export const DAY = 86_400_000;
export const TARGET = 'blog';
export const COMPONENT = 'site';
export const RECOVERY = 'x7k2m-of-the-page-in-the-safe';

/** A snapshot from before the attack, and what it has to be when it comes back. */
export interface Promised {
  readonly id: string;
  readonly place: string;
  readonly time: number;
  readonly tree: ReadonlyMap<string, string>;
}

export interface Version {
  readonly key: string;
  readonly version: string;
  readonly deleted: boolean;
}

/** By its key in the repository. */
interface SeedObject {
  readonly key: string;
  readonly body: Buffer;
}

interface Seed {
  readonly objects: readonly SeedObject[];
  readonly promised: readonly Promised[];
}

export class Ground {
  readonly arena: Arena;
  readonly scratch: Scratch;
  readonly owner: S3Client;
  readonly uploader: S3Client;
  #seed: Seed = { objects: [], promised: [] };

  private constructor(arena: Arena) {
    this.arena = arena;
    this.scratch = new Scratch();
    this.owner = clientOf(arena, arena.owner);
    this.uploader = clientOf(arena, arena.uploader);
  }

  static async prepare(arena: Arena): Promise<Ground> {
    const ground = new Ground(arena);
    try {
      ground.#seed = await ground.#sow();
      return ground;
    } catch (error) {
      await ground.leave();
      throw error;
    }
  }

  async leave(): Promise<void> {
    await this.arena.leave(this.owner);
    this.owner.destroy();
    this.uploader.destroy();
    this.scratch[Symbol.dispose]();
  }

  /** The three days in a new place, locked as they were at first. */
  async field(name: string): Promise<Field> {
    const field = await this.#fence(name);
    const { lock: settings } = this.arena;
    const ObjectLockRetainUntilDate = new Date(Date.now() + settings.for + settings.generation);
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate } as const;
    for (const { key, body } of this.#seed.objects)
      await field.put(key, body, { ...checksum(body), ...lock });
    return field;
  }

  /** A bucket as guard sets it up, with the rights of roles held by users. */
  async #fence(name: string): Promise<Field> {
    const { bucket, prefix, isThere } = this.arena.placeOf(name);
    if (!isThere)
      await this.owner.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
    const field = new Field(this, { bucket, prefix }, this.#seed.promised);
    await field.setPolicy();
    return field;
  }

  /** Three days of a site: one page changes, one is added, one file stays. */
  async #sow(): Promise<Seed> {
    const { scratch } = this;
    const field = await this.#fence('seed');
    const promised: Promised[] = [];
    scratch.write('site/kept', createHash('shake256', { outputLength: 100_000 }).update('noise').digest());
    const vault = await field.openAsHost({ create: true });
    try {
      const options = { recovery: true, wait: 0, emit: silent, signal: never };
      await vault.keys?.add(new Secret(RECOVERY), options);
      for (const day of [2, 1, 0]) {
        scratch.write('site/page', `as it was ${day} days ago`);
        scratch.write(`site/folder/of-${day}`, `added ${day} days ago`);
        const { header, place } = await field.backUp(vault, { time: Date.now() - day * DAY - 1_000 });
        const tree = describeTree(scratch.at('site'));
        promised.push({ id: header.id, place, time: header.time, tree });
      }
    } finally {
      await vault.close();
    }
    const objects: SeedObject[] = [];
    for (const { key: Key } of await field.lasting()) {
      const { Body } = await this.owner.send(new GetObjectCommand({ Bucket: field.bucket, Key }));
      const body = Buffer.from((await Body?.transformToByteArray()) ?? []);
      objects.push({ key: field.nameOf(Key), body });
    }
    return { objects, promised };
  }
}

/** A repository in a bucket, as the intruder finds it. */
export class Field {
  readonly ground: Ground;
  readonly bucket: string;
  readonly prefix: string;
  readonly promised: readonly Promised[];
  /** the last moment before the attack, by the server's clock */
  safe = 0;

  constructor(
    ground: Ground,
    { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
    promised: readonly Promised[],
  ) {
    this.ground = ground;
    this.bucket = bucket;
    this.prefix = prefix;
    this.promised = promised;
  }

  /** Waits until whatever is done from now on is later, by a clock of whole seconds, than all that was. */
  async begin(): Promise<void> {
    this.safe = await this.now();
    while ((await this.now()) <= this.safe) await delay(50);
  }

  /** By the server's clock, in milliseconds since 1970 UTC. */
  async now(): Promise<number> {
    let told = '';
    const { owner } = this.ground;
    const command = new HeadBucketCommand({ Bucket: this.bucket });
    command.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        told = (answer.response as { headers: Record<string, string> }).headers.date ?? '';
        return answer;
      },
      { step: 'deserialize', priority: 'low' },
    );
    await owner.send(command);
    return Date.parse(told);
  }

  /** Every version and marker below the prefix. */
  async versions(client = this.ground.owner): Promise<Version[]> {
    const found: Version[] = [];
    const input = { Bucket: this.bucket, Prefix: `${this.prefix}/` };
    let from: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> = {};
    for (;;) {
      const page = await client.send(new ListObjectVersionsCommand({ ...input, ...from }));
      const { Versions = [], DeleteMarkers = [] } = page;
      for (const { Key = '', VersionId = '' } of Versions)
        found.push({ key: Key, version: VersionId, deleted: false });
      for (const { Key = '', VersionId = '' } of DeleteMarkers)
        found.push({ key: Key, version: VersionId, deleted: true });
      if (page.IsTruncated !== true) return found;
      from = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
  }

  /** All that is to stay; the locks of the format come and go. */
  async lasting(): Promise<readonly Version[]> {
    const all = await this.versions();
    return all.filter(({ key, deleted }) => !deleted && !key.startsWith(`${this.prefix}/locks/`));
  }

  /** A key as it is called in the repository. */
  nameOf(key: string): string {
    return key.slice(this.prefix.length + 1);
  }

  /** As the uploader, below the prefix; gives the version. */
  async put(key: string, body: Uint8Array | string, more: Partial<PutObjectCommandInput> = {}) {
    const input = { Bucket: this.bucket, Key: `${this.prefix}/${key}`, Body: body, ...more };
    const { VersionId = '' } = await this.ground.uploader.send(new PutObjectCommand(input));
    return VersionId;
  }

  /** The policy of the bucket that guard writes, and with it the rights of the roles. */
  async setPolicy(): Promise<void> {
    const { arena } = this.ground;
    const wanted = wantedOf(this, arena);
    const { Version, Statement } = bucketPolicy(wanted);
    const roles = [
      ...rightsOf(wanted, 'uploader', arena.uploader),
      ...rightsOf(wanted, 'disaster-recovery', arena.reader),
    ];
    // What another has put belongs to him.
    const own = {
      Sid: 'Owner',
      Effect: 'Allow' as const,
      Principal: { AWS: arena.owner.arn },
      Action: ['s3:*'],
      Resource: [`arn:aws:s3:::${this.bucket}`, `arn:aws:s3:::${this.bucket}/*`],
    };
    const Policy = JSON.stringify({ Version, Statement: [...Statement, ...roles, own] });
    await this.ground.owner.send(new PutBucketPolicyCommand({ Bucket: this.bucket, Policy }));
  }

  /** The storage with the uploader's keys. */
  async storage(): Promise<Storage> {
    const { region, endpoint, uploader } = this.ground.arena;
    const keys = { id: uploader.id, secret: new Secret(uploader.secret) };
    const place = { bucket: this.bucket, prefix: this.prefix, region, ...(endpoint && { endpoint }) };
    return openS3Storage({ ...place, keys }, { signal: never });
  }

  /** The vault as the host has it. */
  async openAsHost({ create = false, locked = true } = {}): Promise<Vault> {
    return openResticVault(await this.storage(), {
      password: new Secret(PASSWORD),
      ...(create ? { create: { now: Date.now() } } : {}),
      cost: quick,
      seen: !create,
      ...(locked ? { locking: { settings: this.ground.arena.lock, hints: undefined } } : {}),
      reading: { lock: true, wait: 0, emit: silent },
      owner: await testOwner(),
      clock: systemClock,
      random: randomBytes,
      threads: 2,
      zone: 'Asia/Tokyo',
      signal: never,
    });
  }

  /** Another snapshot of the site, as it is now. */
  async backUp(
    vault: Vault,
    {
      time = Date.now(),
      root = this.ground.scratch.at('site'),
    }: { readonly time?: number; readonly root?: string } = {},
  ) {
    const { entry } = await take(vault, { root, target: TARGET, component: COMPONENT, time });
    return entry;
  }
}

/** What guard wants of a bucket; of locks it knows whole days. */
export function wantedOf(
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  { region, lock }: Pick<Arena, 'region' | 'lock'>,
): Wanted {
  const days = (span: number) => Math.ceil(span / DAY);
  return {
    vault: 's3',
    kind: 'restic',
    bucket,
    prefix,
    region,
    aws: false,
    lock: { mode: 'COMPLIANCE', days: days(lock.for), generation: days(lock.generation) },
    kept: 3,
  };
}

function rightsOf(wanted: Wanted, name: RoleName, { arn }: Holder) {
  const role = rolesOf(wanted).find((one) => one.name === name);
  return (role?.rights ?? []).flatMap((one) => {
    // Ceph knows neither this name of a right nor those of IAM.
    const Action = [one.Action].flat().filter((right) => /^s3:(?!GetEncryption)/.test(right));
    if (Action.length === 0) return [];
    return { ...one, Sid: `${one.Sid}-${name}`, Principal: { AWS: [arn] }, Action };
  });
}

function checksum(body: Buffer) {
  const ChecksumSHA256 = createHash('sha256').update(body).digest('base64');
  return { ChecksumAlgorithm: 'SHA256', ChecksumSHA256 } as const;
}

function clientOf({ endpoint, region }: Arena, { id, secret, token }: Holder): S3Client {
  const credentials = { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) };
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    credentials,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
}
