import { execFile } from 'node:child_process'

/** Which code is in a folder. */
export interface CodeState {
  /** 40 or 64 hexadecimal digits. */
  readonly commit: string
  readonly branch?: string
  /** Files that differ from the commit, new ones included. */
  readonly changed: number
}

/** Returns commit, branch and number of changed files of a folder under git; undefined without git, repository or commit. */
export async function codeState(root: string): Promise<CodeState | undefined> {
  const args = ['--no-optional-locks', '-C', root, 'status', '--porcelain=v2', '--branch', '--untracked-files=normal']
  const text = await new Promise<string>((resolve) => {
    execFile('git', args, { maxBuffer: 1 << 26 }, (error, stdout) => resolve(error ? '' : stdout))
  })
  const commit = /^# branch\.oid ([0-9a-f]{40,64})$/m.exec(text)?.[1]
  if (commit === undefined) return undefined
  const branch = /^# branch\.head (.+)$/m.exec(text)?.[1]
  const changed = text.split('\n').filter((line) => /^[12u?] /.test(line)).length
  return { commit, ...(branch !== undefined && branch !== '(detached)' && { branch }), changed }
}
