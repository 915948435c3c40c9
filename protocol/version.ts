/** heliograph's own version, told to clients and in the executable; a test holds it equal to deno.json's. */
export const version = "0.2.0";
