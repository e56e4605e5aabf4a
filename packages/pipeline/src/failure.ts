import { fileURLToPath } from 'node:url'
import { PodError } from '@mlpod/contract'

/**
 * Returns the error of a node that threw: a `PodError` keeps its code and gains the node's name and place, all else is
 * `NODE_FAILED` at the first line of the pod's own code in the stack.
 */
export function nodeFailure(node: string, error: unknown, root: string): PodError {
  const cause = error instanceof Error ? error : new Error(String(error))
  const { code, because, hint, at } = cause as Partial<PodError>
  const isPod = cause instanceof PodError
  const message = cause.message.startsWith(`${node}: `) ? cause.message : `${node}: ${cause.message}`
  const failure = new PodError(isPod ? code! : 'NODE_FAILED', message, {
    at: at ?? frameIn(cause.stack, root),
    because,
    hint,
    cause,
  })
  failure.stack = cause.stack
  return failure
}

/** The first place of a stack that is in the pod's own code, as `file:line` from the root. */
function frameIn(stack: string | undefined, root: string): string | undefined {
  for (const [, url, line] of stack?.matchAll(/(file:\/\/\S+?|\/\S+?):(\d+):\d+/g) ?? []) {
    const file = url.startsWith('file:') ? fileURLToPath(url) : url
    if (file.startsWith(`${root}/`) && !file.includes('/node_modules/')) return `${file.slice(root.length + 1)}:${line}`
  }
  return undefined
}
