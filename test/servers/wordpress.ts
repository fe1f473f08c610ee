/** A real WordPress: the files of Debian's package with a theme of its own, set up in a database and served by PHP. */
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WordpressSettings {
  readonly folder: string;
  readonly port: number;
  readonly database: {
    readonly socket: string;
    readonly name: string;
    readonly user: string;
    readonly password: string;
  };
  readonly post: { readonly title: string; readonly content: string };
}

export interface WebServer {
  page(path: string): Promise<string>;
  stop(): Promise<void>;
}

const WWW_DATA = 33;
const theme = `<?php while (have_posts()) { the_post(); echo '<article><h1>', get_the_title(), '</h1>', get_the_content(), '</article>'; }`;

/** Lays the files, makes the tables and writes one post. The database is there and empty. */
export async function installWordpress({ folder, port, database, post }: WordpressSettings): Promise<void> {
  unpack(folder);
  const { socket, name, user, password } = database;
  const text = (value: string) => `'${value.replace(/[\\']/g, '\\$&')}'`;
  const address = `http://127.0.0.1:${port}`;
  const constants = {
    DB_NAME: name,
    DB_USER: user,
    DB_PASSWORD: password,
    DB_HOST: `localhost:${socket}`,
    DB_CHARSET: 'utf8mb4',
    WP_HOME: address,
    WP_SITEURL: address,
  };
  const lines = Object.entries(constants).map(([key, value]) => `define('${key}', ${text(value)});`);
  // Nothing of it asks the network for anything.
  const quiet = `define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);`;
  const end = `$table_prefix = 'wp_'; define('ABSPATH', __DIR__ . '/'); require_once ABSPATH . 'wp-settings.php';`;
  writeFileSync(join(folder, 'wp-config.php'), `<?php\n${lines.join('\n')}\n${quiet}\n${end}\n`, {
    mode: 0o640,
  });
  chownSync(join(folder, 'wp-config.php'), 0, WWW_DATA);
  const themes = join(folder, 'wp-content/themes/demo');
  mkdirSync(themes, { recursive: true });
  writeFileSync(join(themes, 'style.css'), '/*\nTheme Name: Demo\n*/\n');
  writeFileSync(join(themes, 'index.php'), theme);
  const script = `define('WP_INSTALLING', true); $_SERVER['HTTP_HOST'] = '127.0.0.1:${port}';
require ${text(join(folder, 'wp-load.php'))}; require ABSPATH . 'wp-admin/includes/upgrade.php';
function wp_mail() { return true; }
wp_install('Demo', 'admin', 'admin@example.org', true, '', wp_generate_password());
update_option('template', 'demo'); update_option('stylesheet', 'demo');
wp_insert_post(['post_title' => ${text(post.title)}, 'post_content' => ${text(post.content)}, 'post_status' => 'publish']);`;
  execFileSync('php', ['-d', 'display_errors=stderr', '-r', script], { stdio: ['ignore', 'ignore', 'pipe'] });
}

function unpack(folder: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'hikae-wordpress-'));
  try {
    // Only its files are wanted: to install the package would bring a web server along.
    execFileSync('apt-get', ['download', 'wordpress'], { cwd: scratch, stdio: 'pipe' });
    const [archive = ''] = readdirSync(scratch);
    execFileSync('dpkg-deb', ['--extract', join(scratch, archive), join(scratch, 'files')]);
    cpSync(join(scratch, 'files/usr/share/wordpress'), folder, { recursive: true, verbatimSymlinks: true });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export async function serveWordpress(folder: string, port: number): Promise<WebServer> {
  const words = ['--pdeathsig', 'KILL', '--reuid', `${WWW_DATA}`, '--regid', `${WWW_DATA}`, '--clear-groups'];
  const server = spawn('setpriv', [...words, 'php', '-S', `127.0.0.1:${port}`, '-t', folder], {
    env: { PATH: process.env.PATH },
    cwd: '/',
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const page = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 2_000)}`);
    return text;
  };
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
  };
  for (const began = performance.now(); ; ) {
    try {
      await page('/readme.html');
      return { page, stop };
    } catch (error) {
      if (performance.now() - began > 20_000) {
        await stop();
        throw error;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
