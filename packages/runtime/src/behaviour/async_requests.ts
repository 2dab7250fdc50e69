/** The public functions for asynchronous requests, common to gen_server and gen_statem. */
export {
  check_response,
  receive_response,
  type RequestId,
  type RequestIdCollection,
  reqids_add,
  reqids_new,
  reqids_size,
  reqids_to_list,
  type Response,
  send_request,
  wait_response,
} from "./send_request.ts";
