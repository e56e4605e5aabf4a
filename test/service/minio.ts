import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Options } from '@mlpod/store'
import { freePort } from './ports.ts'

/** A MinIO server of its own, on loopback. */
export interface Minio {
  readonly s3: Required<Pick<S3Options, 'endpoint' | 'region' | 'credentials'>>
  stop(): Promise<void>
}

/** Starts a server in a new folder, with empty buckets of these names. */
export async function startMinio(buckets: readonly string[]): Promise<Minio> {
  const program = join(homedir(), '.cache/mlpod-peers/minio/minio')
  if (!existsSync(program)) throw new Error('MinIO is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'mlpod-minio-'))
  // a folder of the root is a bucket
  for (const bucket of buckets) mkdirSync(join(folder, bucket))
  const port = await freePort()
  const credentials = { accessKeyId: 'tester-of-mlpod', secretAccessKey: 'nobody-may-see-this' }
  const server = spawn(program, ['server', folder, '--quiet', '--address', `127.0.0.1:${port}`], {
    stdio: 'ignore',
    env: {
      HOME: folder,
      MINIO_ROOT_USER: credentials.accessKeyId,
      MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      MINIO_CI_CD: 'true',
    },
  })
  const endpoint = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${endpoint}/minio/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  for (let tries = 0; !(await isReady()); tries++) {
    if (tries > 150) throw new Error('MinIO did not start')
    await sleep(100)
  }
  return {
    s3: { endpoint, region: 'us-east-1', credentials },
    async stop() {
      server.kill('SIGKILL')
      await once(server, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What stands between a client and the server: requests are counted, and may be held up or answered otherwise. */
export interface Between {
  readonly endpoint: string
  /** Requests so far, as `GET /bucket/key`. */
  readonly requests: string[]
  /** Called before a request goes on; `true` when it has answered. */
  before: (asked: IncomingMessage, answer: ServerResponse) => Promise<boolean | undefined> | boolean | undefined
  /** Milliseconds between blocks of an answer. */
  delay: number
  stop(): Promise<void>
}

/** Opens what stands before a server. */
export async function between(target: string): Promise<Between> {
  const server = createServer(async (asked, answer) => {
    self.requests.push(`${asked.method} ${asked.url}`)
    if (await self.before(asked, answer)) return
    const { method, url, headers } = asked
    const on = request(`${target}${url}`, { method, headers, setHost: false }, async (got) => {
      answer.writeHead(got.statusCode!, got.headers)
      for await (const block of got) {
        if (self.delay > 0) await sleep(self.delay)
        answer.write(block)
      }
      answer.end()
    })
    on.on('error', () => answer.destroy())
    answer.on('error', () => on.destroy())
    asked.pipe(on)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const self: Between = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    before: () => undefined,
    delay: 0,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return self
}
