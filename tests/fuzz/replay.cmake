# SPDX-License-Identifier: Apache-2.0
espgate_fuzz(key_file espgate_replay_files)
espgate_fuzz(capture espgate_replay_files)
espgate_fuzz(link_layer espgate_replay_files)
