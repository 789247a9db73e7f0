/// <reference types="vite/client" />
declare module "*.wasm?inline" {
  const url: string;
  export default url;
}
declare module "*?worker&inline" {
  const Made: { new (): Worker };
  export default Made;
}
