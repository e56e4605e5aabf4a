import { didYouMean, PodError } from '@mlpod/contract'

/** Where a model runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda'

const DEVICES = ['cpu', 'webgpu', 'cuda'] as const satisfies readonly Device[]

const NEEDS: { readonly [D in Device]: string } = {
  cpu: 'the runtime always has it',
  webgpu: 'it needs a graphics card with a driver of Vulkan, Metal or Direct3D 12; in a browser, one with WebGPU',
  cuda: 'it needs Linux, an NVIDIA card, and the libraries of CUDA 12 and cuDNN 9 that onnxruntime-node installs on demand',
}

/** Throws `DEVICE_UNKNOWN` for a device that no runtime here has; a TPU's way is told. */
export function checkDevice(device: string): void {
  if ((DEVICES as readonly string[]).includes(device)) return
  const tpu = device.toLowerCase() === 'tpu'
  throw new PodError('DEVICE_UNKNOWN', `no runtime here has the device "${device}"${didYouMean(device, DEVICES)}`, {
    hint: tpu
      ? 'export the model with saveFile(compile(...)) and translate the ONNX file where the TPU is'
      : `it is ${DEVICES.join(', ')}`,
  })
}

/** Returns the error of a device that is not there. */
export const deviceMissing = (device: Device, cause: unknown): PodError =>
  new PodError('DEVICE_MISSING', `the device "${device}" is not there`, {
    because: cause instanceof Error ? cause.message : String(cause),
    hint: `${NEEDS[device]}; or take the device "cpu"`,
    cause,
  })
