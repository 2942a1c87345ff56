// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {PoolRequest} from "../../../contracts/interfaces/ILiquidityVault.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame, HandlerBase} from "./HandlerBase.sol";

/// @title ProviderActions
/// @notice Liquidity providers come and go.
abstract contract ProviderActions is HandlerBase {
    using Random for Dice;

    function requestDeposit(uint256 seed) external {
        Dice memory dice = _dice(seed);
        address account = _pickProvider(dice);
        uint256 amountToken = dice.spread(90e18 / _scale, 2_000_000e18 / _scale);
        _give(account, amountToken, address(_pool));
        uint256 heldBefore = _token.balanceOf(account);

        Frame memory frame = _capture("LiquidityVault.requestDeposit");
        vm.prank(account);
        try _pool.requestDeposit(amountToken, account, account) {
            if (heldBefore - _token.balanceOf(account) != amountToken) {
                _breach(3, frame.action, "took other than the amount", amountToken);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    function requestRedeem(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (bool found, address account) = _pickShareholder(dice);
        if (!found) return;
        uint256 held = _pool.balanceOf(account);
        uint256 shares = dice.chance(30) ? held : dice.spread(held / 1000, held);

        Frame memory frame = _capture("LiquidityVault.requestRedeem");
        vm.prank(account);
        try _pool.requestRedeem(shares, account, account) {
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    function cancelDeposit(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (uint256 first, uint256 newest) = _pool.depositQueue();
        if (first == 0) return;
        uint256 requestNumber = dice.chance(50) ? newest : dice.between(first, newest);
        PoolRequest memory request = _pool.depositRequest(requestNumber);
        uint256 heldBefore = _token.balanceOf(request.controller);

        Frame memory frame = _capture("LiquidityVault.cancelDeposit");
        vm.prank(request.controller);
        try _pool.cancelDeposit(requestNumber) returns (uint256 assets) {
            if (_token.balanceOf(request.controller) - heldBefore != assets || assets != request.amount) {
                _breach(3, frame.action, "returned other than was locked", assets);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    function cancelRedeem(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (uint256 first, uint256 newest) = _pool.redeemQueue();
        if (first == 0) return;
        uint256 requestNumber = dice.chance(50) ? newest : dice.between(first, newest);
        PoolRequest memory request = _pool.redeemRequest(requestNumber);

        Frame memory frame = _capture("LiquidityVault.cancelRedeem");
        vm.prank(request.controller);
        try _pool.cancelRedeem(requestNumber) returns (uint256 shares) {
            if (shares != request.amount) _breach(3, frame.action, "returned other than was locked", shares);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    /// @notice Claims shares of fulfilled deposits, by assets or by shares.
    function claimShares(uint256 seed) external {
        Dice memory dice = _dice(seed);
        address account = _pickClaimer(dice, true);
        bool byAssets = dice.chance(50);
        uint256 most = byAssets ? _pool.maxDeposit(account) : _pool.maxMint(account);
        if (most == 0) return;
        uint256 amount = dice.chance(50) ? most : dice.spread(1, most + 1);
        uint256 heldBefore = _pool.balanceOf(account);

        (string memory name, bytes memory call_) = _claimOfShares(byAssets, dice.chance(40), amount, account);
        Frame memory frame = _capture(name);
        vm.prank(account);
        (bool success, bytes memory result) = address(_pool).call(call_);
        if (success) {
            uint256 shares = byAssets ? abi.decode(result, (uint256)) : amount;
            if (_pool.balanceOf(account) - heldBefore != shares) _breach(3, frame.action, "shares", shares);
            _done(frame);
        } else {
            _refused(frame.action, result);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    /// @dev Either standard's form: of ERC-4626 for oneself, of ERC-7540 for a controller.
    function _claimOfShares(
        bool byAssets,
        bool short_,
        uint256 amount,
        address account
    ) private pure returns (string memory name, bytes memory call_) {
        string memory form = byAssets ? "deposit(uint256,address" : "mint(uint256,address";
        form = string.concat(form, short_ ? ")" : ",address)");
        name = string.concat("LiquidityVault.", form);
        bytes memory args = short_ ? abi.encode(amount, account) : abi.encode(amount, account, account);
        call_ = bytes.concat(bytes4(keccak256(bytes(form))), args);
    }

    /// @notice Claims assets of fulfilled redeems, by assets or by shares, sometimes through an operator.
    function claimAssets(uint256 seed) external {
        Dice memory dice = _dice(seed);
        address account = _pickClaimer(dice, false);
        bool byAssets = dice.chance(50);
        uint256 most = byAssets ? _pool.maxWithdraw(account) : _pool.maxRedeem(account);
        if (most == 0) return;
        uint256 amount = dice.chance(50) ? most : dice.spread(1, most + 1);
        uint256 owedBefore = _pool.maxWithdraw(account);
        uint256 heldBefore = _token.balanceOf(account);
        address caller = _pickOperator(dice, account);

        Frame memory frame = _capture(byAssets ? "LiquidityVault.withdraw" : "LiquidityVault.redeem");
        vm.prank(caller);
        (bool success, bytes memory result) = address(_pool).call(
            byAssets
                ? abi.encodeCall(_pool.withdraw, (amount, account, account))
                : abi.encodeCall(_pool.redeem, (amount, account, account))
        );
        if (success) {
            uint256 paid = _token.balanceOf(account) - heldBefore;
            if (paid != owedBefore - _pool.maxWithdraw(account)) _breach(3, frame.action, "paid is not owed", paid);
            _done(frame);
        } else {
            _refused(frame.action, result);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    function claimFromPool(uint256 seed) external {
        Dice memory dice = _dice(seed);
        address[] memory accounts = _ghosts.accounts();
        uint256 start = dice.below(accounts.length);
        address account;
        for (uint256 i; i < accounts.length; ++i) {
            account = accounts[(start + i) % accounts.length];
            if (_pool.claimable(account) != 0) break;
        }
        uint256 owed = _pool.claimable(account);
        if (owed == 0) return;
        address receiver = dice.chance(30) ? account : _purseOf(account);
        _ghosts.register(receiver);
        uint256 heldBefore = _token.balanceOf(receiver);

        Frame memory frame = _capture("LiquidityVault.claim");
        vm.prank(account);
        try _pool.claim(receiver) returns (uint256 paid) {
            if (paid != owed || _token.balanceOf(receiver) - heldBefore != paid) {
                _breach(3, frame.action, "paid is not owed", paid);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    /// @notice Shares change hands; a few are sent to the pool itself, where nobody can claim them.
    function transferShares(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (bool found, address account) = _pickShareholder(dice);
        if (!found) return;
        bool lost = dice.chance(20);
        uint256 shares = dice.spread(1, lost ? _pool.balanceOf(account) / 1000 + 1 : _pool.balanceOf(account));
        address receiver = lost ? address(_pool) : _pickProvider(dice);
        Frame memory frame = _capture("LiquidityVault.transfer");
        if (lost) _ghosts.addDonatedShares(shares);
        vm.prank(account);
        _pool.transfer(receiver, shares);
        _done(frame);
        _compare(frame, new uint256[](0), 0, true);
    }

    /// @notice By whom the holder allows, up to the allowance.
    function transferSharesFrom(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (bool found, address account) = _pickShareholder(dice);
        if (!found) return;
        address spender = address(0x09E6);
        address receiver = _pickProvider(dice);
        uint256 shares = dice.spread(1, _pool.balanceOf(account) / 10 + 1);
        if (dice.chance(60)) {
            Frame memory approval = _capture("LiquidityVault.approve");
            vm.prank(account);
            if (_pool.approve(spender, dice.between(shares / 2, 2 * shares))) _done(approval);
            _compare(approval, new uint256[](0), 0, true);
        }
        uint256 allowed = _pool.allowance(account, spender);

        Frame memory frame = _capture("LiquidityVault.transferFrom");
        vm.prank(spender);
        try _pool.transferFrom(account, receiver, shares) {
            if (shares > allowed) _breach(3, frame.action, "beyond the allowance", shares);
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    function _pickProvider(Dice memory dice) internal returns (address account) {
        account = _providerAt(dice.below(4));
        _ghosts.registerProvider(account);
        _ghosts.register(account);
        _ghosts.register(_purseOf(account));
    }

    function _providerAt(uint256 index) private pure returns (address) {
        return index == 3 ? address(0xF1257) : address(uint160(0x9F00 + index));
    }

    /// @dev One with something to claim, where there is one.
    function _pickClaimer(Dice memory dice, bool ofShares) private returns (address account) {
        uint256 start = dice.below(4);
        for (uint256 i; i < 4; ++i) {
            account = _providerAt((start + i) % 4);
            if ((ofShares ? _pool.maxDeposit(account) : _pool.maxWithdraw(account)) != 0) return account;
        }
        return _pickProvider(dice);
    }

    function _pickShareholder(Dice memory dice) internal returns (bool found, address account) {
        for (uint256 i; i < 4; ++i) {
            account = _pickProvider(dice);
            if (_pool.balanceOf(account) != 0) return (true, account);
        }
        return (false, account);
    }

    function _pickOperator(Dice memory dice, address account) internal returns (address caller) {
        if (dice.chance(70)) return account;
        caller = address(0x09E4);
        _ghosts.tried("LiquidityVault.setOperator");
        vm.prank(account);
        if (_pool.setOperator(caller, dice.chance(90))) _ghosts.done("LiquidityVault.setOperator");
    }
}
