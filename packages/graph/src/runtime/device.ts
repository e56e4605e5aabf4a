import { didYouMean, PodError } from '@mlpod/contract'

/** Where a model runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda'

const DEVICES = ['cpu', 'webgpu', 'cuda'] as const satisfies readonly Device[]

const NEEDS: { readonly [D in Device]: string } = {
  cpu: 'the runtime always has it',
  webgpu: 'it needs a graphics card with a driver of Vulkan, Metal or Direct3D 12; in a browser, one with WebGPU',
  cuda: 'it needs Linux, an NVIDIA card, and the libraries of CUDA 12 and cuDNN 9 that onnxruntime-node installs on demand',
}

/** Names of machines, not misspelt devices: where the way leads. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  tpu: 'write the model with saveFile(compile({ ... }), "model.onnx"), and translate the ONNX file where the TPU is',
  gpu: 'it is "cuda" on an NVIDIA card, "webgpu" on others',
}

/** Throws `DEVICE_UNKNOWN` for a device that no runtime here has; a TPU's way is told. */
export function checkDevice(device: string): void {
  if ((DEVICES as readonly string[]).includes(device)) return
  const way = ELSEWHERE[device.toLowerCase()]
  const near = way === undefined ? didYouMean(device, DEVICES) : ''
  throw new PodError('DEVICE_UNKNOWN', `no runtime here has the device "${device}"${near}`, {
    hint: way ?? `it is ${DEVICES.join(', ')}`,
  })
}

/** Returns the error of a device that is not there. */
export const deviceMissing = (device: Device, cause: unknown): PodError =>
  new PodError('DEVICE_MISSING', `the device "${device}" is not there`, {
    because: cause instanceof Error ? cause.message : String(cause),
    hint: `${NEEDS[device]}; or take the device "cpu"`,
    cause,
  })
