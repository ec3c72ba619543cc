# SPDX-License-Identifier: Apache-2.0
# espgate_replay_files: captures and key files, in and out.
espgate_library(espgate_replay_files
  replay/capture_reader.cpp
  replay/capture_writer.cpp
  replay/esp_sa_names.cpp
  replay/key_file.cpp
  replay/key_file_algorithms.cpp
  replay/key_file_esp_sa.cpp
  replay/key_file_fields.cpp
  replay/key_file_json.cpp
  replay/key_file_json_element.cpp
  replay/key_file_json_tree.cpp
  replay/key_file_json_writer.cpp
  replay/key_file_xfrm.cpp
  replay/key_file_xfrm_writer.cpp
  replay/link_layer.cpp
  replay/pcapng_blocks.cpp
  replay/secret_text.cpp
  replay/xfrm_block.cpp)
target_link_libraries(espgate_replay_files
  PUBLIC espgate_crypto espgate_wire tl::expected
  PRIVATE PkgConfig::PCAP fmt::fmt nlohmann_json::nlohmann_json)
