#include "tests/client/fake_service.h"

#include <thread>

#include <google/rpc/status.pb.h>

#include "client/sha256.h"

namespace stampd::client {

FakeService::FakeService() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

grpc::Status FakeService::GenerateStream(grpc::ServerContext* context, const v1::GenerateRequest* request,
                                         grpc::ServerWriter<v1::GenerateEvent>* writer) {
  request_ = *request;
  for (const v1::GenerateEvent& event : events) writer->Write(event);
  const auto end = std::chrono::steady_clock::now() + wait;
  while (std::chrono::steady_clock::now() < end && !context->IsCancelled())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return status;
}

grpc::Status FakeService::ListModels(grpc::ServerContext* /*context*/, const v1::ListModelsRequest* /*request*/,
                                     v1::ListModelsResponse* response) {
  *response = models;
  return status;
}

v1::GenerateEvent AcceptedEvent(int queue_position) {
  v1::GenerateEvent event;
  event.mutable_accepted()->set_request_id("fake");
  event.mutable_accepted()->set_queue_position(queue_position);
  return event;
}

v1::GenerateEvent ProgressEvent(int step, int total) {
  v1::GenerateEvent event;
  event.mutable_progress()->set_step(step);
  event.mutable_progress()->set_total(total);
  return event;
}

v1::GenerateEvent PreviewEvent(int step, int index, const std::string& data) {
  v1::GenerateEvent event;
  event.mutable_preview()->set_step(step);
  event.mutable_preview()->mutable_image()->set_index(index);
  event.mutable_preview()->mutable_image()->set_data(data);
  return event;
}

v1::GenerateEvent ImageEvent(int index, const std::string& data) {
  v1::GenerateEvent event;
  v1::Image& image = *event.mutable_image();
  image.set_index(index);
  image.set_data(data);
  image.set_sha256(Sha256Hex(data));
  image.set_format(v1::PNG);
  image.set_width(64);
  image.set_height(48);
  image.set_seed(18446744073709551610U + static_cast<unsigned>(index));
  return event;
}

v1::GenerateEvent DoneEvent(double total_seconds) {
  v1::GenerateEvent event;
  event.mutable_done()->set_model("tiny");
  event.mutable_done()->mutable_timings()->set_total_seconds(total_seconds);
  return event;
}

grpc::Status RichStatus(grpc::StatusCode code, const std::string& message,
                        const std::vector<const google::protobuf::Message*>& details) {
  google::rpc::Status rich;
  rich.set_code(code);
  rich.set_message(message);
  for (const google::protobuf::Message* detail : details) rich.add_details()->PackFrom(*detail);
  return {code, message, rich.SerializeAsString()};
}

}  // namespace stampd::client
