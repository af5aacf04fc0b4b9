/** Made by vite.shaders.ts from three's own shader texts; empty where three still holds them. */
declare module 'virtual:gloss-shaders' {
  export const parts: Record<string, string>
  export const wholes: { vertexShader?: string; fragmentShader?: string }
}
