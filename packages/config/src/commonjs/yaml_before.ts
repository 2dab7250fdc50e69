import { lend } from "./require.ts";

lend();
