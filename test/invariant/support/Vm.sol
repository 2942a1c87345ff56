// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @dev The cheatcodes of Hardhat's test runner that these tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function warp(uint256 timestamp) external;

    function prank(address caller) external;

    function deal(address account, uint256 amount) external;

    function recordLogs() external;

    function getRecordedLogs() external returns (Log[] memory logs);

    function snapshotState() external returns (uint256 snapshotId);

    function revertToState(uint256 snapshotId) external returns (bool success);

    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function addr(uint256 privateKey) external pure returns (address account);

    function envOr(string calldata name, uint256 fallback_) external view returns (uint256 value);

    /// @dev Creation code of a compiled contract, named `path:Contract`.
    function getCode(string calldata artifact) external view returns (bytes memory creationCode);
}

/// @dev Where every forge-style runner answers cheatcodes: the last 20 bytes of keccak256("hevm cheat code").
Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
