import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHikaeError } from '../../base/errors.ts';
import { engineSocket } from './address.ts';
import { readContainer, readContainers, readVolume } from './answers.ts';
import { commandInContainer } from './exec.ts';

test('the engine is where DOCKER_HOST says, if that is on this machine', () => {
  assert.equal(engineSocket({}), '/var/run/docker.sock');
  assert.equal(engineSocket({ DOCKER_HOST: '' }), '/var/run/docker.sock');
  assert.equal(
    engineSocket({ DOCKER_HOST: 'unix:///run/user/1000/docker.sock' }),
    '/run/user/1000/docker.sock',
  );
  for (const address of [
    'tcp://10.0.0.1:2376',
    'ssh://root@host',
    'unix://relative.sock',
    '/run/docker.sock',
  ]) {
    assert.throws(
      () => engineSocket({ DOCKER_HOST: address }),
      (error) => isHikaeError(error, 'ENGINE_REMOTE'),
    );
  }
});

test('a command in a container names its variables, and only its environment has their values', () => {
  const { argv, environment } = commandInContainer(
    { container: 'db', argv: ['mariadb-dump', 'shop'], variables: { MYSQL_PWD: 'geheim' }, user: 'mysql' },
    { PATH: '/usr/bin', HOME: '/root', DOCKER_HOST: 'unix:///x.sock', TOKEN: 'not for it' },
  );
  assert.deepEqual(argv, [
    ...['docker', 'exec', '-i', '-e', 'MYSQL_PWD', '-u', 'mysql', '--', 'db', 'mariadb-dump', 'shop'],
  ]);
  assert.deepEqual(environment, { MYSQL_PWD: 'geheim', PATH: '/usr/bin', DOCKER_HOST: 'unix:///x.sock' });
});

test('a container whose name looks like an option stays a name', () => {
  const { argv } = commandInContainer({ container: '--privileged', argv: ['id'] }, {});
  assert.deepEqual(argv.slice(-3), ['--', '--privileged', 'id']);
});

test('answers may leave out what holds nothing, and must have what is needed', () => {
  const volume = { Name: 'v', Driver: 'local', Mountpoint: '/m', Options: null };
  assert.deepEqual(readVolume(volume), {
    name: 'v',
    driver: 'local',
    mountpoint: '/m',
    options: {},
    labels: {},
  });
  assert.throws(() => readVolume({ Name: 'v' }), TypeError);
  const mounts = [
    { Type: 'volume', Name: 'v', RW: false },
    { Type: 'bind', Source: '/srv' },
  ];
  assert.deepEqual(readContainers([{ Id: 'a1', Names: ['/app'], State: 'running', Mounts: mounts }]), [
    { id: 'a1', name: 'app', state: 'running', mounts: [{ volume: 'v', writable: false }] },
  ]);
  assert.throws(() => readContainer({ Id: 'a1', Name: '/app' }), TypeError);
});
