// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title WrappedEther
/// @notice As much of a wrapped native token as a fee manager needs.
contract WrappedEther is ERC20("Wrapped Ether", "WETH") {
    /// @notice Takes ether and mints as much.
    function deposit() external payable {
        _mint(msg.sender, msg.value);
    }
}
