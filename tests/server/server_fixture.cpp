#include "tests/server/server_fixture.h"

#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stampd::server {

ServerTest::ServerTest() {
  config_.listen = {"127.0.0.1", 0};
  config_.metrics_listen = {"127.0.0.1", 0};
}

ServerTest::~ServerTest() = default;

Server& ServerTest::server() {
  if (!server_) server_ = std::make_unique<Server>(config_, HostedModels{{"fake", "cpu", fake_}, {"second", "cpu", fake_}}, log_);
  return *server_;
}

std::shared_ptr<grpc::Channel> ServerTest::channel() {
  if (!channel_) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ = grpc::CreateCustomChannel(server().grpc_endpoint().ToString(), grpc::InsecureChannelCredentials(), arguments);
    channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));  // not on the first call's time
  }
  return channel_;
}

v1::TextToImage::Stub& ServerTest::stub() {
  if (!stub_) stub_ = v1::TextToImage::NewStub(channel());
  return *stub_;
}

ServerTest::Answer ServerTest::Generate(const v1::GenerateRequest& request,
                                        const std::function<void(grpc::ClientContext&)>& prepare) {
  Answer answer;
  grpc::ClientContext context;
  if (prepare) prepare(context);
  answer.status = stub().Generate(&context, request, &answer.response);
  for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
    answer.trailers.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return answer;
}

std::future<ServerTest::Answer> ServerTest::GenerateLater(const v1::GenerateRequest& request) {
  stub();
  return std::async(std::launch::async, [this, request] { return Generate(request); });
}

ServerTest::Stream ServerTest::GenerateStream(const v1::GenerateRequest& request) {
  Stream stream;
  grpc::ClientContext context;
  const auto reader = stub().GenerateStream(&context, request);
  for (v1::GenerateEvent event; reader->Read(&event);) stream.events.push_back(event);
  stream.status = reader->Finish();
  return stream;
}

std::string ServerTest::Scrape() { return HttpGetMetrics(server().metrics_endpoint().port); }

bool ServerTest::Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(Milliseconds(10));
  }
  return false;
}

double ServerTest::Metric(const std::string& series) {
  std::istringstream lines(Scrape());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  }
  return -1;
}

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

v1::GenerateRequest RequestFor(const std::string& prompt, int steps) {
  v1::GenerateRequest request;
  request.set_prompt(prompt);
  request.set_steps(steps);
  request.set_seed(7);
  return request;
}

std::string HttpGetMetrics(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
    EXPECT_EQ(write(socket, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    char buffer[4096];
    for (ssize_t n; (n = read(socket, buffer, sizeof buffer)) > 0;) answer.append(buffer, static_cast<std::size_t>(n));
  }
  close(socket);
  const std::size_t body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "" : answer.substr(body + 4);
}

}  // namespace stampd::server
