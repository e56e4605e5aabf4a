import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

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

/** Opens a local file or an address in Chromium with an empty profile. Returns what it printed, and what the page said on its console. */
export async function chromium(
  file: string,
  { theme, flags }: { readonly theme: Theme; readonly flags: readonly string[] },
): Promise<{ readonly stdout: string; readonly console: readonly string[] }> {
  const profile = mkdtempSync(join(tmpdir(), 'mlpod-chromium-'))
  try {
    const { stdout, stderr } = await promisify(execFile)(
      'chromium',
      [
        ...FLAGS,
        `--user-data-dir=${profile}`,
        `--blink-settings=preferredColorScheme=${theme === 'dark' ? 0 : 1}`,
        ...flags,
        file.startsWith('http:') ? file : pathToFileURL(file).href,
      ],
      { maxBuffer: 2 ** 27, timeout: 120_000 },
    )
    return { stdout, console: stderr.split('\n').filter((line) => line.includes(':CONSOLE:')) }
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
