import { PodError } from '@mlpod/contract'

/** The official client: 22 MB that only those install who use S3. */
export type Sdk = typeof import('@aws-sdk/client-s3')

/** Loads the official client. Throws `PACKAGE_MISSING`. */
export async function loadSdk(load: () => Promise<Sdk> = () => import('@aws-sdk/client-s3')): Promise<Sdk> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new PodError('PACKAGE_MISSING', 'S3 is read by the package @aws-sdk/client-s3, which is not installed', {
      hint: 'npm i @aws-sdk/client-s3',
      cause,
    })
  }
}
