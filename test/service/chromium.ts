import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What a page looks like to its reader. */
export type Theme = 'light' | 'dark'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--enable-logging=stderr',
] as const

/** Opens a local file in Chromium with an empty profile. Returns what it printed, and what the page said on its console. */
export function chromium(
  file: string,
  { theme, flags }: { readonly theme: Theme; readonly flags: readonly string[] },
): { readonly stdout: string; readonly console: readonly string[] } {
  const profile = mkdtempSync(join(tmpdir(), 'mlpod-chromium-'))
  try {
    const { status, stdout, stderr, error } = spawnSync(
      'chromium',
      [
        ...FLAGS,
        `--user-data-dir=${profile}`,
        `--blink-settings=preferredColorScheme=${theme === 'dark' ? 0 : 1}`,
        ...flags,
        pathToFileURL(file).href,
      ],
      { encoding: 'utf8', maxBuffer: 2 ** 27, timeout: 60_000 },
    )
    if (error) throw error
    if (status !== 0) throw new Error(`chromium ended with ${status}: ${stderr}`)
    return { stdout, console: stderr.split('\n').filter((line) => line.includes(':CONSOLE:')) }
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
