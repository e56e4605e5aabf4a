import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './ports.ts'

/** A PostgreSQL server of its own, on loopback. */
export interface Postgres {
  readonly url: string
  stop(): Promise<void>
}

/** Where Debian puts the server's programs. */
function programs(): string {
  const base = '/usr/lib/postgresql'
  const [version] = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : []
  if (version === undefined) throw new Error('PostgreSQL is not installed')
  return join(base, version, 'bin')
}

/** Starts a server in a new folder; as the user `postgres` where the tests run as root, which the server refuses. */
export async function startPostgres(): Promise<Postgres> {
  const bin = programs()
  const folder = mkdtempSync(join(tmpdir(), 'mlpod-postgres-'))
  const id = (kind: 'u' | 'g') => Number(spawnSync('id', [`-${kind}`, 'postgres'], { encoding: 'utf8' }).stdout)
  const user = process.getuid?.() === 0 ? { uid: id('u'), gid: id('g') } : {}
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'tester', '--auth=trust', '-E', 'UTF8'], {
    encoding: 'utf8',
    ...user,
  })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = await freePort()
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder, '-c', 'fsync=off'],
    { stdio: 'ignore', ...user },
  )
  const url = `postgres://tester@127.0.0.1:${port}/postgres`
  for (let tries = 0; spawnSync(join(bin, 'pg_isready'), ['-d', url]).status !== 0; tries++) {
    if (tries > 100) throw new Error('PostgreSQL did not start')
    await sleep(100)
  }
  return {
    url,
    async stop() {
      server.kill('SIGINT')
      await once(server, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
