import type { TestProject } from 'vitest/node'
import { copyPod } from '../workplace.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of a mortgage pod in which everything was made. */
    readonly pod: string
  }
}

/** Makes the mortgage pod once for all service tests. */
export function setup({ provide }: TestProject): () => void {
  const pod = copyPod('mortgage', 'service')
  const { code, stdout, stderr } = pod.mlpod('run')
  if (code !== 0) throw new Error(`mlpod run ended with ${code}\n${stdout}${stderr}`)
  provide('pod', pod.folder)
  return () => pod.remove()
}
