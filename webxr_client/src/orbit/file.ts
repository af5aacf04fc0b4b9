/** A file of a package, fetched with its bytes counted. */

/** Why a model could not be had. */
export class ModelUnavailable extends Error {
  constructor(readonly problem: 'load_failed' | 'withdrawn' | 'aborted') {
    super(problem)
  }
}

/** A file that is here already. */
export interface Fetched {
  url: string
  data: ArrayBuffer
}

/** The bytes at an address; `onBytes` hears of every part that has come. Throws ModelUnavailable. */
export async function fetchBytes(
  url: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void
): Promise<ArrayBuffer> {
  try {
    const answer = await fetch(url, { signal })
    if (answer.status === 410) throw new ModelUnavailable('withdrawn')
    if (!answer.ok || answer.body === null) throw new ModelUnavailable('load_failed')
    const parts: Uint8Array<ArrayBuffer>[] = []
    const reader = answer.body.getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value)
      onBytes(part.value.byteLength)
    }
    return await new Blob(parts).arrayBuffer()
  } catch (error) {
    if (error instanceof ModelUnavailable) throw error
    throw new ModelUnavailable(signal.aborted ? 'aborted' : 'load_failed')
  }
}
